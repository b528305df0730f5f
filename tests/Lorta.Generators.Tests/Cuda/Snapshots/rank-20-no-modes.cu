// LoRTA's update of attention projections.
// y += ((x D) * c) U^T, where D and U are factors [width, rank] and c has a number for every rank.
// LORTA_TYPE chooses the type of activations: 0 float32, 1 float16, 2 bfloat16. All sums are float32.
// LORTA_RANK is the rank, the annotation's where nothing else is asked for.

#ifndef LORTA_RANK
#define LORTA_RANK 20
#endif

constexpr int RANK = LORTA_RANK;
constexpr int WIDEST_SLICE = 8;
constexpr int SLICES = (RANK + WIDEST_SLICE - 1) / WIDEST_SLICE;   // the rank is worked through in slices that fit the registers
constexpr int SLICE = (RANK + SLICES - 1) / SLICES;                // the last slice may have less
constexpr int THREADS = 256;
constexpr int LANES = 32;
constexpr int WARPS = THREADS / LANES;
constexpr int WARP_ROWS = 8;   // rows of a warp; their loads are under way at once
constexpr int TILE_ROWS = WARPS * WARP_ROWS;
constexpr int NO_ADAPTER = 0x7fffffff;

#if LORTA_TYPE == 0

typedef unsigned int scalar;   // the bits of an activation

__device__ __forceinline__ float to_float(scalar bits) { return __uint_as_float(bits); }

__device__ __forceinline__ scalar to_scalar(float value) { return __float_as_uint(value); }

#elif LORTA_TYPE == 1

typedef unsigned short scalar;

__device__ __forceinline__ float to_float(scalar bits)
{
#ifdef __CUDA_ARCH__
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
#else
    return (float)__builtin_bit_cast(_Float16, bits);
#endif
}

__device__ __forceinline__ scalar to_scalar(float value)
{
#ifdef __CUDA_ARCH__
    scalar bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
#else
    return __builtin_bit_cast(scalar, (_Float16)value);
#endif
}

#elif LORTA_TYPE == 2

typedef unsigned short scalar;

__device__ __forceinline__ float to_float(scalar bits) { return __uint_as_float((unsigned int)bits << 16); }

// To nearest, ties to even; a NaN stays one.
__device__ __forceinline__ scalar to_scalar(float value)
{
    unsigned int bits = __float_as_uint(value);
    unsigned int rounded = bits + 0x7fff + (bits >> 16 & 1);
    bool nan = (bits & 0x7fffffff) > 0x7f800000;
    return (scalar)((nan ? bits | 0x400000 : rounded) >> 16);
}

#else
#error "LORTA_TYPE is 0 for float32, 1 for float16, 2 for bfloat16."
#endif

constexpr int VECTOR = 16 / sizeof(scalar);    // activations of a 16-byte access
constexpr int TILE_COLUMNS = LANES * VECTOR;

// One row of `width` activations for each token, `stride` activations apart.
struct Activations { scalar* data; long long stride; int width; };

__device__ __forceinline__ scalar* address(const Activations& x, int row, int column)
{
    return x.data + row * x.stride + column;
}

// Whether a vector lies in one aligned piece of memory, inside its row.
__device__ __forceinline__ bool is_whole(const Activations& x, const scalar* at, int column)
{
    return column + VECTOR <= x.width && ((unsigned long long)at & 15) == 0;
}

// One access of 16 bytes. In PTX, so that no optimiser merges it with the access by elements at a row's end.
__device__ __forceinline__ uint4 load_vector(const scalar* at)
{
#ifdef __CUDA_ARCH__
    uint4 vector;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
        : "=r"(vector.x), "=r"(vector.y), "=r"(vector.z), "=r"(vector.w) : "l"(at));
    return vector;
#else
    return *(const uint4*)at;
#endif
}

__device__ __forceinline__ void store_vector(scalar* at, const uint4& vector)
{
#ifdef __CUDA_ARCH__
    asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};"
        :: "l"(at), "r"(vector.x), "r"(vector.y), "r"(vector.z), "r"(vector.w) : "memory");
#else
    *(uint4*)at = vector;
#endif
}

__device__ __forceinline__ unsigned int word_of(const uint4& vector, int index)
{
    return index == 0 ? vector.x : index == 1 ? vector.y : index == 2 ? vector.z : vector.w;
}

__device__ __forceinline__ float element(const uint4& vector, int index)
{
    constexpr int IN_WORD = 4 / sizeof(scalar);
    return to_float((scalar)(word_of(vector, index / IN_WORD) >> index % IN_WORD * 16));
}

__device__ __forceinline__ uint4 pack(const scalar (&bits)[VECTOR])
{
#if LORTA_TYPE == 0
    return uint4{bits[0], bits[1], bits[2], bits[3]};
#else
    unsigned int words[4];
#pragma unroll
    for (int i = 0; i < 4; i++)
        words[i] = bits[2 * i] | (unsigned int)bits[2 * i + 1] << 16;
    return uint4{words[0], words[1], words[2], words[3]};
#endif
}

// The vector at a row and column; what lies beyond the row is zero.
__device__ __forceinline__ uint4 load(const Activations& x, int row, int column)
{
    const scalar* at = address(x, row, column);
    if (is_whole(x, at, column))
        return load_vector(at);

    scalar bits[VECTOR];
#pragma unroll
    for (int k = 0; k < VECTOR; k++)
        bits[k] = column + k < x.width ? at[k] : 0;
    return pack(bits);
}

__device__ __forceinline__ void store(const Activations& x, int row, int column, const float (&values)[VECTOR])
{
    scalar* at = address(x, row, column);
    scalar bits[VECTOR];
#pragma unroll
    for (int k = 0; k < VECTOR; k++)
        bits[k] = to_scalar(values[k]);

    if (is_whole(x, at, column))
    {
        store_vector(at, pack(bits));
        return;
    }

#pragma unroll
    for (int k = 0; k < VECTOR; k++)
        if (column + k < x.width)
            at[k] = bits[k];
}

// Up to three projections of one input, or one.
struct Projections { Activations first, second, third; };

__device__ __forceinline__ Activations projection(const Projections& all, int index)
{
    Activations first = all.first, second = all.second, third = all.third;
    return {
        index == 0 ? first.data : index == 1 ? second.data : third.data,
        index == 0 ? first.stride : index == 1 ? second.stride : third.stride,
        index == 0 ? first.width : index == 1 ? second.width : third.width};
}

// Row n of the batch is row map[n] of the activations and uses adapter adapters[n]; a negative number leaves it out.
// Without a map it is row n, without adapters all use adapter 0.
struct Rows { const int* map; const int* adapters; int count; };

__device__ __forceinline__ int row_of(const Rows& rows, int n) { return rows.map ? rows.map[n] : n; }

__device__ __forceinline__ int adapter_of(const Rows& rows, int n)
{
    if (n >= rows.count || (rows.map && rows.map[n] < 0))
        return -1;
    return rows.adapters ? rows.adapters[n] : 0;
}

// The rows that a block works on. Warp w has rows w * WARP_ROWS and on; its lane l has vector l of a tile's columns.
struct Tile { int first; int row[TILE_ROWS]; int adapter[TILE_ROWS]; };

__device__ __forceinline__ void load_tile(Tile& tile, const Rows& rows, int first)
{
    if (threadIdx.x < TILE_ROWS)
    {
        int n = first + threadIdx.x;
        int adapter = adapter_of(rows, n);
        tile.adapter[threadIdx.x] = adapter;
        tile.row[threadIdx.x] = adapter < 0 ? 0 : row_of(rows, n);
    }

    if (threadIdx.x == 0)
        tile.first = first;
    __syncthreads();
}

// The smallest adapter above `previous` that a row of the tile uses. A tile takes one pass for each of its adapters.
__device__ __forceinline__ int next_adapter(const Tile& tile, int previous)
{
    int next = NO_ADAPTER;
#pragma unroll
    for (int row = 0; row < TILE_ROWS; row += LANES)
    {
        int adapter = tile.adapter[row + threadIdx.x % LANES];
        if (adapter > previous && adapter < next)
            next = adapter;
    }

#pragma unroll
    for (int mask = LANES / 2; mask > 0; mask /= 2)
    {
        int other = __shfl_xor_sync(0xffffffff, next, mask);
        next = other < next ? other : next;
    }

    return next;
}

// One side of the update: [width, RANK]. Adapters lie a stride apart.
struct Factor { const float* rows; long long rows_stride; const float* heads; long long heads_stride; int head_width; };

// A slice of a factor for a tile of columns: rank s of column (lane * VECTOR + k) is at [k][s][lane], so that the
// lanes of a warp read different banks.
constexpr int PITCH = LANES + 1;
constexpr int FACTOR_SIZE = VECTOR * SLICE * PITCH;

__device__ __forceinline__ int factor_index(int column, int s)
{
    return (column % VECTOR * SLICE + s) * PITCH + column / VECTOR;
}

template <bool HEADS>
__device__ __forceinline__ void stage_factor(
    float (&staged)[FACTOR_SIZE], const Factor& factor, int adapter, int slice, int first, int width)
{
    for (int column = threadIdx.x; column < TILE_COLUMNS; column += THREADS)
    {
        int row = first + column;
        bool inside = row < width;
        int head = HEADS ? row / factor.head_width : 0;
        int line = HEADS ? row - head * factor.head_width : row;
        const float* values = factor.rows + adapter * factor.rows_stride + (long long)line * RANK + slice * SLICE;
        const float* scales = factor.heads + adapter * factor.heads_stride + head * RANK + slice * SLICE;
#pragma unroll
        for (int s = 0; s < SLICE; s++)
        {
            float value = 0;
            if (inside && slice * SLICE + s < RANK)
                value = HEADS ? values[s] * scales[s] : values[s];
            staged[factor_index(column, s)] = value;
        }
    }
}

// c of projection m is at data + m * matrix_stride, adapters a stride apart.
struct Coefficients { const float* data; long long matrix_stride; long long adapter_stride; };

// Products [terms, rows, RANK] of activations and a factor.
struct Products { const float* data; int terms; };

// A slice of the weights of a tile's rows: the sum over the terms of c * product. Forward, one product meets the c of
// each projection; backward, the products of all projections meet their own c in one sum.
struct Weights { alignas(16) float at[SLICE][TILE_ROWS]; };

__device__ __forceinline__ void stage_weights(
    Weights& weights, const Products& products, const Coefficients& coefficients,
    const Tile& tile, int count, int adapter, int slice, int matrix)
{
    for (int i = threadIdx.x; i < TILE_ROWS * SLICE; i += THREADS)
    {
        int row = i / SLICE;
        int s = i % SLICE;
        int rank = slice * SLICE + s;
        float sum = 0;
        if (tile.adapter[row] == adapter && rank < RANK)
        {
            const float* c = coefficients.data + adapter * coefficients.adapter_stride + matrix * coefficients.matrix_stride + rank;
            const float* product = products.data + (long long)(tile.first + row) * RANK + rank;
            for (int term = 0; term < products.terms; term++)
                sum += c[term * coefficients.matrix_stride] * product[(long long)term * count * RANK];
        }

        weights.at[s][row] = sum;
    }
}

// Sums each row's numbers over the lanes. Every step hands half of the rows to the other half of the lanes, so that
// the sum of row r ends in the lanes r * LANES / WARP_ROWS and on.
template <int LEFT = WARP_ROWS, int MASK = LANES / 2>
__device__ __forceinline__ float sum_over_lanes(float (&row)[WARP_ROWS], int lane)
{
    if constexpr (LEFT == 1)
        row[0] += __shfl_xor_sync(0xffffffff, row[0], MASK);
    else
    {
        bool upper = lane & MASK;
#pragma unroll
        for (int r = 0; r < LEFT / 2; r++)
        {
            float low = row[r], high = row[r + LEFT / 2];
            row[r] = (upper ? high : low) + __shfl_xor_sync(0xffffffff, upper ? low : high, MASK);
        }
    }

    if constexpr (MASK == 1)
        return row[0];
    else
        return sum_over_lanes<LEFT == 1 ? 1 : LEFT / 2, MASK / 2>(row, lane);
}

struct DownCall { Projections inputs; Factor factor; float* products; Rows rows; };

// products[m] [rows, RANK] = inputs[m] factor. Block (tile * SLICES + slice, m).
template <bool HEADS>
__device__ __forceinline__ void down(const DownCall& call)
{
    __shared__ Tile tile;
    __shared__ float factor[FACTOR_SIZE];
    int lane = threadIdx.x % LANES;
    int warp_row = threadIdx.x / LANES * WARP_ROWS;
    int slice = blockIdx.x % SLICES;
    Activations x = projection(call.inputs, blockIdx.y);
    load_tile(tile, call.rows, blockIdx.x / SLICES * TILE_ROWS);

    for (int adapter = next_adapter(tile, -1); adapter != NO_ADAPTER; adapter = next_adapter(tile, adapter))
    {
        float sum[SLICE][WARP_ROWS] = {};
        for (int first = 0; first < x.width; first += TILE_COLUMNS)
        {
            int column = first + lane * VECTOR;
            uint4 vectors[WARP_ROWS];
#pragma unroll
            for (int r = 0; r < WARP_ROWS; r++)
                vectors[r] = column < x.width && tile.adapter[warp_row + r] == adapter
                    ? load(x, tile.row[warp_row + r], column) : uint4{0, 0, 0, 0};

            stage_factor<HEADS>(factor, call.factor, adapter, slice, first, x.width);
            __syncthreads();
#pragma unroll
            for (int k = 0; k < VECTOR; k++)
#pragma unroll
                for (int s = 0; s < SLICE; s++)
                {
                    float scale = factor[factor_index(lane * VECTOR + k, s)];
#pragma unroll
                    for (int r = 0; r < WARP_ROWS; r++)
                        sum[s][r] += element(vectors[r], k) * scale;
                }

            __syncthreads();
        }

        int row = warp_row + lane / (LANES / WARP_ROWS);
        bool writes = lane % (LANES / WARP_ROWS) == 0 && tile.adapter[row] == adapter;
        float* product = call.products + ((long long)blockIdx.y * call.rows.count + tile.first + row) * RANK + slice * SLICE;
#pragma unroll
        for (int s = 0; s < SLICE; s++)
        {
            float total = sum_over_lanes(sum[s], lane);
            if (writes && slice * SLICE + s < RANK)
                product[s] = total;
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) lorta_down_plain(DownCall call)
{
    down<false>(call);
}

struct UpCall
{
    Projections outputs; Factor factor; Products products; Coefficients coefficients; Rows rows; int column_tiles;
};

// outputs[m] += weights factor^T. Block (tile of rows * column_tiles + tile of columns, m).
template <bool HEADS>
__device__ __forceinline__ void up(const UpCall& call)
{
    __shared__ Tile tile;
    __shared__ float factor[FACTOR_SIZE];
    __shared__ Weights weights;
    int lane = threadIdx.x % LANES;
    int warp_row = threadIdx.x / LANES * WARP_ROWS;
    int first = blockIdx.x % call.column_tiles * TILE_COLUMNS;
    int column = first + lane * VECTOR;
    Activations y = projection(call.outputs, blockIdx.y);
    if (first >= y.width)
        return;

    load_tile(tile, call.rows, blockIdx.x / call.column_tiles * TILE_ROWS);
    for (int adapter = next_adapter(tile, -1); adapter != NO_ADAPTER; adapter = next_adapter(tile, adapter))
    {
        uint4 vectors[WARP_ROWS];
#pragma unroll
        for (int r = 0; r < WARP_ROWS; r++)
            vectors[r] = column < y.width && tile.adapter[warp_row + r] == adapter
                ? load(y, tile.row[warp_row + r], column) : uint4{0, 0, 0, 0};

        float sum[WARP_ROWS][VECTOR] = {};
        for (int slice = 0; slice < SLICES; slice++)
        {
            stage_factor<HEADS>(factor, call.factor, adapter, slice, first, y.width);
            stage_weights(weights, call.products, call.coefficients, tile, call.rows.count, adapter, slice, blockIdx.y);
            __syncthreads();
#pragma unroll
            for (int s = 0; s < SLICE; s++)
#pragma unroll
                for (int k = 0; k < VECTOR; k++)
                {
                    float scale = factor[factor_index(lane * VECTOR + k, s)];
#pragma unroll
                    for (int r = 0; r < WARP_ROWS; r++)
                        sum[r][k] += weights.at[s][warp_row + r] * scale;
                }

            __syncthreads();
        }

#pragma unroll
        for (int r = 0; r < WARP_ROWS; r++)
        {
            if (column >= y.width || tile.adapter[warp_row + r] != adapter)
                continue;
#pragma unroll
            for (int k = 0; k < VECTOR; k++)
                sum[r][k] += element(vectors[r], k);
            store(y, tile.row[warp_row + r], column, sum[r]);
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) lorta_up_plain(UpCall call)
{
    up<false>(call);
}

// Adds to a gradient [adapters, lines, RANK], whose lines lie line_stride and adapters adapter_stride apart.
struct Gradient { float* data; long long line_stride; long long adapter_stride; };

// The place of a line in the parts [parts, adapters, lines, RANK] of a sum over the rows.
__device__ __forceinline__ long long part_index(int part, int adapters, int adapter, int lines, int line)
{
    return (((long long)part * adapters + adapter) * lines + line) * RANK;
}

struct FactorGradientCall
{
    Projections activations; int matrices; int width;
    Products products; Coefficients coefficients; Rows rows; float* parts;
};

// [width, RANK] = the sum over m and the rows of activations[m]^T weights.
// Block (tile of columns * SLICES + slice, part of the rows, adapter).
extern "C" __global__ void __launch_bounds__(THREADS) lorta_factor_gradient(FactorGradientCall call)
{
    __shared__ Tile tile;
    __shared__ Weights weights;
    __shared__ float total[FACTOR_SIZE];
    int lane = threadIdx.x % LANES;
    int warp = threadIdx.x / LANES;
    int slice = blockIdx.x % SLICES;
    int first = blockIdx.x / SLICES * TILE_COLUMNS;
    int column = first + lane * VECTOR;
    int adapter = blockIdx.z;
    float sum[VECTOR][SLICE] = {};

    for (int tile_first = blockIdx.y * TILE_ROWS; tile_first < call.rows.count; tile_first += gridDim.y * TILE_ROWS)
    {
        load_tile(tile, call.rows, tile_first);
        for (int m = 0; m < call.matrices; m++)
        {
            Activations x = projection(call.activations, m);
            uint4 vectors[WARP_ROWS];
#pragma unroll
            for (int r = 0; r < WARP_ROWS; r++)
                vectors[r] = column < x.width && tile.adapter[warp * WARP_ROWS + r] == adapter
                    ? load(x, tile.row[warp * WARP_ROWS + r], column) : uint4{0, 0, 0, 0};

            stage_weights(weights, call.products, call.coefficients, tile, call.rows.count, adapter, slice, m);
            __syncthreads();
#pragma unroll
            for (int r = 0; r < WARP_ROWS; r++)
#pragma unroll
                for (int s = 0; s < SLICE; s++)
                {
                    float weight = weights.at[s][warp * WARP_ROWS + r];
#pragma unroll
                    for (int k = 0; k < VECTOR; k++)
                        sum[k][s] += element(vectors[r], k) * weight;
                }

            __syncthreads();
        }
    }

    // The warps add in their order, so that the sum is the same in every run.
    for (int w = 0; w < WARPS; w++)
    {
        if (w == warp)
        {
#pragma unroll
            for (int k = 0; k < VECTOR; k++)
#pragma unroll
                for (int s = 0; s < SLICE; s++)
                {
                    float& cell = total[factor_index(lane * VECTOR + k, s)];
                    cell = w == 0 ? sum[k][s] : cell + sum[k][s];
                }
        }

        __syncthreads();
    }

    for (int c = threadIdx.x; c < TILE_COLUMNS && first + c < call.width; c += THREADS)
    {
        float* out = call.parts + part_index(blockIdx.y, gridDim.z, adapter, call.width, first + c);
#pragma unroll
        for (int s = 0; s < SLICE; s++)
            if (slice * SLICE + s < RANK)
                out[slice * SLICE + s] = total[factor_index(c, s)];
    }
}

struct SumPartsCall { const float* parts; int count; int lines; Gradient gradient; };

// gradient += the sum of the parts. Block (numbers of an adapter, adapter).
extern "C" __global__ void __launch_bounds__(THREADS) lorta_sum_parts(SumPartsCall call)
{
    int i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= call.lines * RANK)
        return;

    float sum = 0;
    for (int part = 0; part < call.count; part++)
        sum += call.parts[part_index(part, gridDim.y, blockIdx.y, call.lines, 0) + i];
    call.gradient.data[blockIdx.y * call.gradient.adapter_stride + i / RANK * call.gradient.line_stride + i % RANK] += sum;
}


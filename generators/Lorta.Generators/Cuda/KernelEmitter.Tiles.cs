using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

internal static partial class KernelEmitter
{
    /// <summary>What the kernels share: the rows of a tile, and its factors and weights in shared memory.</summary>
    private static void WriteTiles(SourceWriter writer, KernelSpec spec)
    {
        writer.WriteLine("""
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

            """);
        writer.WriteLine(spec.HasHeads
            ? """
            // One side of the update: `rows` [width, RANK] as it is, or the Khatri-Rao product of `heads` [H, RANK] and
            // `rows` [head_width, RANK], whose row h * head_width + j is heads[h] * rows[j]. Adapters lie a stride apart.
            struct Factor { const float* rows; long long rows_stride; const float* heads; long long heads_stride; int head_width; };

            """
            : """
            // One side of the update: [width, RANK]. Adapters lie a stride apart.
            struct Factor { const float* rows; long long rows_stride; const float* heads; long long heads_stride; int head_width; };

            """);
        writer.WriteLine("""
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

            """);
    }
}

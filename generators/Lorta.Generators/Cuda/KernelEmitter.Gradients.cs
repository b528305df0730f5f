using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

internal static partial class KernelEmitter
{
    /// <summary>Where a gradient goes, and where a block leaves its part of a sum over the rows.</summary>
    private static void WriteGradients(SourceWriter writer, KernelSpec spec)
    {
        writer.WriteLine("""
            // Adds to a gradient [adapters, lines, RANK], whose lines lie line_stride and adapters adapter_stride apart.
            struct Gradient { float* data; long long line_stride; long long adapter_stride; };

            """);
        if (!spec.UsesAtomics)
        {
            writer.WriteLine("""
                // The place of a line in the parts [parts, adapters, lines, RANK] of a sum over the rows.
                __device__ __forceinline__ long long part_index(int part, int adapters, int adapter, int lines, int line)
                {
                    return (((long long)part * adapters + adapter) * lines + line) * RANK;
                }

                """);
        }
    }

    /// <summary>The gradient of one side: products of activations and weights, summed over the rows.</summary>
    private static void WriteFactorGradient(SourceWriter writer, KernelSpec spec)
    {
        writer.WriteLine($$"""
            struct FactorGradientCall
            {
                Projections activations; int matrices; int width;
                Products products; Coefficients coefficients; Rows rows; {{(spec.UsesAtomics ? "Gradient gradient" : "float* parts")}};
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
            """);
        writer.WriteLine(spec.UsesAtomics
            ? "        float* out = call.gradient.data + adapter * call.gradient.adapter_stride + (first + c) * call.gradient.line_stride;"
            : "        float* out = call.parts + part_index(blockIdx.y, gridDim.z, adapter, call.width, first + c);");
        writer.WriteLine($$"""
            #pragma unroll
                    for (int s = 0; s < SLICE; s++)
                        if (slice * SLICE + s < RANK)
                            {{(spec.UsesAtomics
                                ? "atomicAdd(&out[slice * SLICE + s], total[factor_index(c, s)])"
                                : "out[slice * SLICE + s] = total[factor_index(c, s)]")}};
                }
            }

            """);
    }

    /// <summary>The gradient of c: products forward and backward, summed over the rows.</summary>
    private static void WriteCoefficientGradient(SourceWriter writer, KernelSpec spec) => writer.WriteLine($$"""
        struct CoefficientGradientCall
        {
            const float* forward; const float* backward; int terms;
            Rows rows; {{(spec.UsesAtomics ? "Gradient gradient" : "float* parts")}};
        };

        // [m, RANK] = the sum over the rows of forward * backward[m]. Block (part of the rows, m, adapter).
        extern "C" __global__ void __launch_bounds__(THREADS) lorta_coefficient_gradient(CoefficientGradientCall call)
        {
            // So many ranks at once, of so many rows at once: of one row, with nothing to share, where the ranks are too many.
            constexpr int GROUP = RANK < THREADS ? RANK : THREADS;
            constexpr int GROUPS = THREADS / GROUP;
            __shared__ float sums[GROUP * GROUPS];
            const float* backward = call.backward + (long long)blockIdx.y * call.rows.count * RANK;
            int group = threadIdx.x / GROUP;
            for (int first = 0; first < RANK; first += GROUP)
            {
                int rank = first + threadIdx.x % GROUP;
                float sum = 0;
                if (group < GROUPS && rank < RANK)
                    for (int n = blockIdx.x * GROUPS + group; n < call.rows.count; n += gridDim.x * GROUPS)
                        if (adapter_of(call.rows, n) == blockIdx.z)
                            sum += call.forward[(long long)n * RANK + rank] * backward[(long long)n * RANK + rank];

                if (group < GROUPS)
                    sums[threadIdx.x] = sum;
                __syncthreads();
                if (group == 0 && rank < RANK)
                {
                    for (int g = 1; g < GROUPS; g++)
                        sum += sums[g * GROUP + threadIdx.x];
                    {{(spec.UsesAtomics
                        ? "atomicAdd(&call.gradient.data[blockIdx.z * call.gradient.adapter_stride + blockIdx.y * call.gradient.line_stride + rank], sum)"
                        : "call.parts[part_index(blockIdx.x, gridDim.z, blockIdx.z, gridDim.y, blockIdx.y) + rank] = sum")}};
                }
            }
        }

        """);

    /// <summary>The second stage of a sum over the rows, in the order of its parts.</summary>
    private static void WriteSumParts(SourceWriter writer) => writer.WriteLine("""
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

        """);

    /// <summary>From the gradient of a Khatri-Rao product to those of its two factors.</summary>
    private static void WriteHeadGradient(SourceWriter writer) => writer.WriteLine("""
        struct HeadGradientCall { Factor factor; const float* product; int count; Gradient heads; Gradient rows; };

        // From the gradient [adapters, count * head_width, RANK] of a Khatri-Rao product to those of its factors that are wanted.
        // Block (numbers of an adapter, adapter).
        extern "C" __global__ void __launch_bounds__(THREADS) lorta_head_gradient(HeadGradientCall call)
        {
            int i = blockIdx.x * THREADS + threadIdx.x;
            int adapter = blockIdx.y;
            int line = i / RANK;
            int rank = i % RANK;
            int width = call.factor.head_width;
            const float* product = call.product + (long long)adapter * call.count * width * RANK + rank;
            const float* heads = call.factor.heads + adapter * call.factor.heads_stride + rank;
            const float* rows = call.factor.rows + adapter * call.factor.rows_stride + rank;
            float sum = 0;
            if (line < width && call.rows.data)
            {
                for (int head = 0; head < call.count; head++)
                    sum += heads[head * RANK] * product[(long long)(head * width + line) * RANK];
                call.rows.data[adapter * call.rows.adapter_stride + line * call.rows.line_stride + rank] += sum;
            }
            else if (line >= width && line - width < call.count && call.heads.data)
            {
                int head = line - width;
                for (int row = 0; row < width; row++)
                    sum += rows[row * RANK] * product[(long long)(head * width + row) * RANK];
                call.heads.data[adapter * call.heads.adapter_stride + head * call.heads.line_stride + rank] += sum;
            }
        }
        """);
}

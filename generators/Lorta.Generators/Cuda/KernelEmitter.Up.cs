using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

internal static partial class KernelEmitter
{
    /// <summary>Adds weighted factors in place: the update to y forward, and the input's gradient backward.</summary>
    private static void WriteUp(SourceWriter writer, KernelSpec spec)
    {
        writer.WriteLine("""
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

            """);
        WriteEntries(writer, spec, "up", "UpCall");
    }
}

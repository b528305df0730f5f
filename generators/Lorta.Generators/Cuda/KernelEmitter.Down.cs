using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

internal static partial class KernelEmitter
{
    /// <summary>Products of activations with a factor: x D forward, and (gradient of y) U backward.</summary>
    private static void WriteDown(SourceWriter writer, KernelSpec spec)
    {
        writer.WriteLine("""
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

            """);
        WriteEntries(writer, spec, "down", "DownCall");
    }
}

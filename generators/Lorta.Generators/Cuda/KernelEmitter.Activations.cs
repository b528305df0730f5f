using Lorta.Generators.Emit;

namespace Lorta.Generators.Cuda;

internal static partial class KernelEmitter
{
    /// <summary>The type of activations, and their loads and stores by vectors of 16 bytes.</summary>
    private static void WriteActivations(SourceWriter writer) => writer.WriteLine("""
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

        """);
}

// The built-ins of CUDA that the kernels use, for clang without CUDA's headers:
// clang-16 -x cuda --cuda-device-only -nocudainc -nocudalib -include clang_builtins.h
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(threads) __attribute__((launch_bounds(threads)))

struct uint3 { unsigned int x, y, z; };
struct alignas(16) uint4 { unsigned int x, y, z, w; };

__device__ inline uint3 index_of(unsigned int x, unsigned int y, unsigned int z) { return {x, y, z}; }

#define threadIdx index_of(__nvvm_read_ptx_sreg_tid_x(), __nvvm_read_ptx_sreg_tid_y(), __nvvm_read_ptx_sreg_tid_z())
#define blockIdx index_of(__nvvm_read_ptx_sreg_ctaid_x(), __nvvm_read_ptx_sreg_ctaid_y(), __nvvm_read_ptx_sreg_ctaid_z())
#define gridDim index_of(__nvvm_read_ptx_sreg_nctaid_x(), __nvvm_read_ptx_sreg_nctaid_y(), __nvvm_read_ptx_sreg_nctaid_z())

__device__ inline float __uint_as_float(unsigned int bits) { return __builtin_bit_cast(float, bits); }
__device__ inline unsigned int __float_as_uint(float value) { return __builtin_bit_cast(unsigned int, value); }

__device__ inline int __shfl_xor_sync(unsigned int lanes, int value, int mask)
{
    return __nvvm_shfl_sync_bfly_i32(lanes, value, mask, 0x1f);
}

__device__ inline float __shfl_xor_sync(unsigned int lanes, float value, int mask)
{
    return __nvvm_shfl_sync_bfly_f32(lanes, value, mask, 0x1f);
}

__device__ inline float atomicAdd(float* at, float value) { return __nvvm_atom_add_gen_f(at, value); }

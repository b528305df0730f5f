// CUDA's built-ins for a C++ compiler on the host: the threads of a block are fibers, which run in turn from one barrier
// to the next, every time in the opposite order, so that a missing barrier shows as a wrong number.
#pragma once

#include <algorithm>
#include <csetjmp>
#include <memory>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(threads)

struct dim3 { unsigned int x, y, z; };
struct alignas(16) uint4 { unsigned int x, y, z, w; };

namespace emulation
{
    constexpr unsigned int Lanes = 32;
    constexpr std::size_t StackSize = 64 * 1024;

    enum class State { Ready, AtBlockBarrier, AtWarpBarrier, Done };

    // A fiber is begun by its context once; from then on jumps, which ask nothing of the system, lead in and out of it.
    struct Thread
    {
        std::unique_ptr<char[]> stack;
        std::jmp_buf inside;
        State state;
        unsigned int exchanges;      // shuffles so far: the values of one stay while the next are written
        unsigned int exchanged[2];
    };

    inline std::vector<Thread> threads;
    inline Thread* current;
    inline std::jmp_buf scheduler;
    inline dim3 threadIdx, blockIdx, gridDim;
    inline void (*kernel)(void**);
    inline void** arguments;

    inline void wait(State barrier)
    {
        Thread* self = current;
        self->state = barrier;
        if (_setjmp(self->inside) == 0)
            _longjmp(scheduler, 1);
    }

    inline void run_threads()
    {
        for (;;)
        {
            kernel(arguments);
            wait(State::Done);
        }
    }

    // Runs a thread to its next barrier.
    __attribute__((noinline)) inline void resume(Thread& thread)
    {
        if (_setjmp(scheduler) != 0)
            return;
        if (thread.stack)
            _longjmp(thread.inside, 1);

        thread.stack.reset(new char[StackSize]);
        ucontext_t begin;
        getcontext(&begin);
        begin.uc_stack.ss_sp = thread.stack.get();
        begin.uc_stack.ss_size = StackSize;
        makecontext(&begin, run_threads, 0);
        setcontext(&begin);
    }

    inline unsigned int shuffle(unsigned int value, unsigned int lane)
    {
        unsigned int first = (current - threads.data()) / Lanes * Lanes;
        unsigned int slot = current->exchanges++ % 2;
        current->exchanged[slot] = value;
        wait(State::AtWarpBarrier);
        return threads[first + lane].exchanged[slot];
    }

    // Lets the threads [first, last) go on if all that are left of them wait at this barrier.
    inline bool release(std::size_t first, std::size_t last, State barrier)
    {
        bool any = false;
        for (std::size_t i = first; i < last; i++)
        {
            if (threads[i].state != barrier && threads[i].state != State::Done)
                return false;
            any |= threads[i].state == barrier;
        }

        for (std::size_t i = first; i < last; i++)
            if (threads[i].state == barrier)
                threads[i].state = State::Ready;
        return any;
    }

    // Runs one block; false where its threads wait for each other at different barriers.
    inline bool run_block()
    {
        for (Thread& thread : threads)
        {
            thread.state = State::Ready;
            thread.exchanges = 0;
        }

        bool backward = false;
        for (;;)
        {
            for (std::size_t i = 0; i < threads.size(); i++)
            {
                std::size_t index = backward ? threads.size() - 1 - i : i;
                if (threads[index].state != State::Ready)
                    continue;
                current = &threads[index];
                threadIdx = {(unsigned int)index, 0, 0};
                resume(*current);
            }

            backward = !backward;
            bool released = release(0, threads.size(), State::AtBlockBarrier);
            for (std::size_t first = 0; first < threads.size(); first += Lanes)
                released |= release(first, std::min(first + Lanes, threads.size()), State::AtWarpBarrier);
            if (released)
                continue;
            for (const Thread& thread : threads)
                if (thread.state != State::Done)
                    return false;
            return true;
        }
    }
}

// Runs every block of a grid, one after the other. `call` unpacks the arguments and calls the kernel.
extern "C" inline __attribute__((used)) bool emulation_launch(void (*call)(void**), void** arguments, dim3 grid, unsigned int block)
{
    emulation::threads.resize(block);
    emulation::kernel = call;
    emulation::arguments = arguments;
    emulation::gridDim = grid;
    for (unsigned int z = 0; z < grid.z; z++)
        for (unsigned int y = 0; y < grid.y; y++)
            for (unsigned int x = 0; x < grid.x; x++)
            {
                emulation::blockIdx = {x, y, z};
                if (!emulation::run_block())
                    return false;
            }
    return true;
}

using emulation::blockIdx;
using emulation::gridDim;
using emulation::threadIdx;

inline float __uint_as_float(unsigned int bits) { return __builtin_bit_cast(float, bits); }
inline unsigned int __float_as_uint(float value) { return __builtin_bit_cast(unsigned int, value); }
inline void __syncthreads() { emulation::wait(emulation::State::AtBlockBarrier); }

inline int __shfl_xor_sync(unsigned int, int value, int mask)
{
    return (int)emulation::shuffle((unsigned int)value, threadIdx.x % emulation::Lanes ^ mask);
}

inline float __shfl_xor_sync(unsigned int, float value, int mask)
{
    return __uint_as_float(emulation::shuffle(__float_as_uint(value), threadIdx.x % emulation::Lanes ^ mask));
}

inline float atomicAdd(float* at, float value)
{
    float before = *at;
    *at += value;
    return before;
}

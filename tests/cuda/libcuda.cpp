// Stands in for CUDA's driver where there is none: device memory is host memory, a module is a shared library that
// libnvrtc.cpp compiled, and a launch runs it. DEVICES is the number of devices, MAJOR that of their compute capability,
// LAUNCHES how many launches succeed before all fail.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace
{
    enum Result
    {
        Success = 0, InvalidValue = 1, NoDevice = 100, InvalidDevice = 101, InvalidImage = 200, InvalidContext = 201,
        NotFound = 500, IllegalAddress = 700, LaunchFailed = 719,
    };

    struct Dim { unsigned int x, y, z; };

    struct Module { void* library; int file; };     // the open file keeps the library's path its own

    struct Function { Module* module; void (*call)(void**); };

    int context;                    // its address stands for the device's context
    std::atomic<long> launches;
    thread_local int contexts;      // pushed on this thread

    using Clock = std::chrono::steady_clock;
}

extern "C"
{
    int cuInit(unsigned int) { return DEVICES > 0 ? Success : NoDevice; }

    int cuDeviceGetCount(int* count)
    {
        *count = DEVICES;
        return Success;
    }

    int cuDeviceGet(int* device, int ordinal)
    {
        *device = ordinal;
        return ordinal >= 0 && ordinal < DEVICES ? Success : InvalidDevice;
    }

    int cuDeviceGetName(char* name, int size, int)
    {
        std::snprintf(name, size, "Emulated device");
        return Success;
    }

    int cuDeviceGetAttribute(int* value, int attribute, int)
    {
        *value = attribute == 75 ? MAJOR : 0;
        return Success;
    }

    int cuDevicePrimaryCtxRetain(void** result, int)
    {
        *result = &context;
        return Success;
    }

    int cuDevicePrimaryCtxRelease_v2(int) { return Success; }

    int cuCtxPushCurrent_v2(void* pushed)
    {
        contexts++;
        return pushed == &context ? Success : InvalidContext;
    }

    int cuCtxPopCurrent_v2(void** popped)
    {
        *popped = &context;
        return contexts-- > 0 ? Success : InvalidContext;
    }

    int cuModuleLoadData(Module** module, const void* image)
    {
        if (contexts == 0)
            return InvalidContext;
        const Elf64_Ehdr* header = (const Elf64_Ehdr*)image;
        if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
            return InvalidImage;
        std::size_t size = header->e_shoff + (std::size_t)header->e_shentsize * header->e_shnum;
        int file = memfd_create("module", 0);
        bool written = write(file, image, size) == (ssize_t)size;
        void* library = written ? dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
        if (!library)
        {
            close(file);
            return InvalidImage;
        }

        *module = new Module{library, file};
        return Success;
    }

    int cuModuleUnload(Module* module)
    {
        dlclose(module->library);
        close(module->file);
        delete module;
        return Success;
    }

    int cuModuleGetFunction(Function** function, Module* module, const char* name)
    {
        auto call = (void (*)(void**))dlsym(module->library, (std::string(name) + "_call").c_str());
        if (!call)
            return NotFound;
        *function = new Function{module, call};    // as long as the process, like the real ones as long as their module
        return Success;
    }

    int cuLaunchKernel(Function* function, unsigned int gridX, unsigned int gridY, unsigned int gridZ,
        unsigned int blockX, unsigned int blockY, unsigned int blockZ, unsigned int, void*, void** arguments, void**)
    {
        if (contexts == 0)
            return InvalidContext;
        if (!gridX || !gridY || !gridZ || gridY > 65535 || gridZ > 65535 || blockX > 1024 || blockY != 1 || blockZ != 1)
            return InvalidValue;
        if (++launches > LAUNCHES)
            return LaunchFailed;
        auto launch = (bool (*)(void (*)(void**), void**, Dim, unsigned int))dlsym(function->module->library, "emulation_launch");
        return launch(function->call, arguments, {gridX, gridY, gridZ}, blockX) ? Success : LaunchFailed;
    }

    int cuMemAllocManaged(void** memory, std::size_t size, unsigned int)
    {
        *memory = std::aligned_alloc(256, (size + 255) / 256 * 256);
        return *memory ? Success : InvalidValue;
    }

    int cuMemAlloc_v2(void** memory, std::size_t size) { return cuMemAllocManaged(memory, size, 0); }

    int cuMemFree_v2(void* memory)
    {
        std::free(memory);
        return Success;
    }

    int cuMemcpyDtoDAsync_v2(void* target, const void* source, std::size_t size, void*)
    {
        std::memcpy(target, source, size);
        return Success;
    }

    int cuMemsetD32Async(unsigned int* target, unsigned int value, std::size_t count, void*)
    {
        for (std::size_t i = 0; i < count; i++)
            target[i] = value;
        return Success;
    }

    int cuStreamSynchronize(void*) { return Success; }

    int cuEventCreate(Clock::time_point** event, unsigned int)
    {
        *event = new Clock::time_point;
        return Success;
    }

    int cuEventDestroy_v2(Clock::time_point* event)
    {
        delete event;
        return Success;
    }

    int cuEventRecord(Clock::time_point* event, void*)
    {
        *event = Clock::now();
        return Success;
    }

    int cuEventSynchronize(Clock::time_point*) { return Success; }

    int cuEventElapsedTime(float* milliseconds, Clock::time_point* start, Clock::time_point* end)
    {
        *milliseconds = std::chrono::duration<float, std::milli>(*end - *start).count();
        return Success;
    }

    int cuGetErrorString(int result, const char** text)
    {
        *text = result == NoDevice ? "no CUDA-capable device is detected"
            : result == InvalidImage ? "device kernel image is invalid"
            : result == NotFound ? "named symbol not found"
            : result == LaunchFailed ? "unspecified launch failure" : "emulated error";
        return Success;
    }
}

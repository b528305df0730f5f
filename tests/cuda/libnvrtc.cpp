// Stands in for NVRTC where there is none: compiles a kernel source, unchanged, on emulation.h into a shared library.
// EMULATION is the path of that header.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
    enum Result { Success = 0, InvalidInput = 3, InvalidOption = 5, CompilationFailed = 6 };

    struct Program { std::string source, log, image; };

    std::string read(const std::string& path)
    {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    // For each kernel NAME a function NAME_call that takes its arguments as the driver gets them: by pointers.
    std::string calls(const std::string& source)
    {
        std::regex kernel(R"(extern "C" __global__ void (?:__launch_bounds__\(\w+\) )?(\w+)\(([^)]*)\))");
        std::regex parameter(R"(\s*(.*?)\s*\w+\s*(?:,|$))");
        std::string text;
        for (std::sregex_iterator found(source.begin(), source.end(), kernel), end; found != end; ++found)
        {
            std::string name = (*found)[1], parameters = (*found)[2], values;
            int index = 0;
            for (std::sregex_iterator p(parameters.begin(), parameters.end(), parameter); p != end && (*p)[1].length(); ++p, ++index)
                values += (index ? ", " : "") + ("*(" + (*p)[1].str() + "*)arguments[" + std::to_string(index) + "]");
            text += "extern \"C\" void " + name + "_call(void** arguments) { " + name + "(" + values + "); }\n";
        }

        return text;
    }
}

extern "C"
{
    int nvrtcVersion(int* major, int* minor)
    {
        *major = 12;
        *minor = 4;
        return Success;
    }

    const char* nvrtcGetErrorString(int result)
    {
        return result == CompilationFailed ? "NVRTC_ERROR_COMPILATION"
            : result == InvalidOption ? "NVRTC_ERROR_INVALID_OPTION" : "NVRTC_ERROR";
    }

    int nvrtcCreateProgram(Program** program, const char* source, const char*, int headers, const char**, const char**)
    {
        if (!source || headers != 0)
            return InvalidInput;
        *program = new Program{source, "", ""};
        return Success;
    }

    int nvrtcDestroyProgram(Program** program)
    {
        delete *program;
        *program = nullptr;
        return Success;
    }

    int nvrtcCompileProgram(Program* program, int count, const char** options)
    {
        std::string defines;
        for (int i = 0; i < count; i++)
        {
            std::string option = options[i];
            if (option.rfind("--define-macro=", 0) == 0)
                defines += " -D" + option.substr(15);
            else if (option != "--std=c++17" && option != "--gpu-architecture=sm_80" && option != "--gpu-architecture=sm_90")
            {
                program->log = "nvrtc: error: invalid option " + option;
                return InvalidOption;
            }
        }

        char folder[] = "/tmp/lorta-emulation-XXXXXX";
        if (!mkdtemp(folder))
            return InvalidInput;
        std::string path = folder;
        std::ofstream(path + "/kernels.cu") << program->source;
        std::ofstream(path + "/module.cpp") << "#include \"kernels.cu\"\n" << calls(program->source);
        std::string command = "cd " + path + " && g++ -std=c++17 -O1 -fno-strict-aliasing -fno-gnu-unique -ffp-contract=off -w -shared -fPIC"
            " -include " EMULATION + defines + " module.cpp -o module.so 2> log";
        bool compiled = std::system(command.c_str()) == 0;
        program->log = read(path + "/log");
        program->image = compiled ? read(path + "/module.so") : "";
        for (const char* file : {"/kernels.cu", "/module.cpp", "/module.so", "/log"})
            unlink((path + file).c_str());
        rmdir(folder);
        return compiled ? Success : CompilationFailed;
    }

    int nvrtcGetProgramLogSize(Program* program, std::size_t* size)
    {
        *size = program->log.size() + 1;
        return Success;
    }

    int nvrtcGetProgramLog(Program* program, char* log)
    {
        std::memcpy(log, program->log.c_str(), program->log.size() + 1);
        return Success;
    }

    int nvrtcGetCUBINSize(Program* program, std::size_t* size)
    {
        *size = program->image.size();
        return Success;
    }

    int nvrtcGetCUBIN(Program* program, char* image)
    {
        std::memcpy(image, program->image.data(), program->image.size());
        return Success;
    }
}

using Lorta.KernelCheck;
using Lorta.Kernels;
using Lorta.Tests.Cuda;

// Compiles, caches, launches and checks every kernel on the first CUDA device, then measures them.
// Exit code: 0 all right, 1 a wrong number or a refused source, 2 no device.
if (args.Except(["--check-only"]).FirstOrDefault() is string unknown)
{
    Console.Error.WriteLine($"There is no option {unknown}: --check-only leaves the measurement out.");
    return 1;
}

KernelEnvironment environment = KernelEnvironment.Default;
if (CudaDevice.TryOpen(environment.DriverPath, 0, out CudaDevice? device) is string reason)
{
    Console.Error.WriteLine($"Nothing is checked: {reason}");
    return 2;
}

Console.WriteLine($"{device!.Name} ({device.Architecture})");
using CudaDevice.Scope scope = device.Enter();
CudaRuntime.Use(device);

int wrong = 0;
foreach (ActivationType type in Enum.GetValues<ActivationType>())
{
    foreach (int rank in EmittedKernels.Ranks.Concat(EmittedKernels.UnevenRanks))
    {
        switch (EmittedKernels.Load(rank, type, environment))
        {
            case KernelLoad.Compiled(var kernels, bool wasCached):
                KernelCase[] cases = [.. KernelComparison.Cases, KernelComparison.ManyAdapters];
                string[] errors = [.. cases.Select(@case => KernelComparison.Compare(@case, kernels)).OfType<string>()];
                Array.ForEach(errors, Console.Error.WriteLine);
                wrong += errors.Length;
                Console.WriteLine($"{type}, rank {rank}: {cases.Length - errors.Length} of {cases.Length} cases right{(wasCached ? ", from the cache" : "")}");
                break;
            case KernelLoad.Refused(string log):
                Console.Error.WriteLine(log);
                wrong++;
                break;
            case KernelLoad.Unavailable(string missing):
                Console.Error.WriteLine($"Nothing is checked: {missing}");
                return 2;
        }
    }
}

if (wrong == 0 && !args.Contains("--check-only"))
{
    Measurement.Run(device, environment);
}

return wrong == 0 ? 0 : 1;

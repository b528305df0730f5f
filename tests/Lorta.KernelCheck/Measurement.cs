using System.Globalization;
using Lorta.Kernels;
using Lorta.Tests.Cuda;

namespace Lorta.KernelCheck;

/// <summary>The kernels' bandwidth beside that of a copy, for batches of a model's width.</summary>
internal static class Measurement
{
    private const int Rounds = 20;

    /// <summary>Sets of buffers that take turns, so that none is found in the L2 cache.</summary>
    private const int Sets = 3;

    private static readonly Shape[] Shapes =
    [
        new("RoBERTa-large", Tokens: 65536, Width: 1024, Heads: 16),
        new("Llama-7B", Tokens: 16384, Width: 4096, Heads: 32),
        new("RoBERTa-base, small", Tokens: 512, Width: 768, Heads: 12),
    ];

    public static void Run(CudaDevice device, KernelEnvironment environment)
    {
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"An empty launch takes {EmptyLaunch(device, environment) * 1e6:F1} microseconds."));
        Console.WriteLine();
        Console.WriteLine("| shape | rank | type | pass | microseconds | GB/s | of the copy's |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (Shape shape in Shapes)
        {
            foreach (ActivationType type in new[] { ActivationType.BFloat16, ActivationType.Float32 })
            {
                foreach (int rank in new[] { 4, 8, 16, 64 })
                {
                    Measure(shape, rank, type, ((KernelLoad.Compiled)EmittedKernels.Load(rank, type, environment)).Kernels);
                }
            }
        }
    }

    /// <summary>What no kernel can be under.</summary>
    private static double EmptyLaunch(CudaDevice device, KernelEnvironment environment)
    {
        Nvrtc.TryLoad(environment.CompilerPath, out Nvrtc? compiler);
        const string Source = "extern \"C\" __global__ void nothing(int unused) {}";
        if (compiler!.TryCompile(Source, [$"--gpu-architecture={device.Architecture}"], out byte[]? image) is string log)
        {
            throw new InvalidOperationException(log);
        }

        CudaModule module = new(device, image!);
        module.Launch("nothing", new KernelGrid(1), threads: 1, call: 0, stream: 0);
        return CudaRuntime.Seconds(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                module.Launch("nothing", new KernelGrid(1), threads: 1, call: 0, stream: 0);
            }
        }) / Rounds;
    }

    private static void Measure(Shape shape, int rank, ActivationType type, LortaKernels kernels)
    {
        int size = type == ActivationType.Float32 ? sizeof(float) : sizeof(ushort);
        long activations = (long)shape.Tokens * shape.Width * size;
        long products = (long)shape.Tokens * rank * sizeof(float);
        using DeviceArena arena = new();
        int headWidth = shape.Width / shape.Heads;
        nint a = arena.Take((long)shape.Width * rank * sizeof(float)), b = arena.Take((long)headWidth * rank * sizeof(float));
        nint heads = arena.Take((long)shape.Heads * rank * sizeof(float)), c = arena.Take(3L * rank * sizeof(float));
        LortaOperands down = new(new(a, 0), new(c, rank, 0), new(0, 0, shape.Tokens));
        LortaOperands up = down with { Factor = new(b, 0, heads, 0, headWidth) };
        FactorGradients ofDown = new(Gradient(arena, shape.Width, rank));
        FactorGradients ofUp = new(Gradient(arena, headWidth, rank), Gradient(arena, shape.Heads, rank));
        KernelGradient ofCoefficients = Gradient(arena, 3, rank);

        // x and its gradient, and q, k, v, in each set
        KernelActivations[][] sets =
            [.. Enumerable.Range(0, Sets).Select(_ => Enumerable.Range(0, 5).Select(_ => new KernelActivations(arena.Take(activations), shape.Width, shape.Width)).ToArray())];
        nint product = arena.Take(products);
        nint productGradients = arena.Take(3 * products);
        nint workspace = arena.Take(Math.Max(kernels.UpBackwardWorkspace(up, sets[0].AsSpan(2)), kernels.DownBackwardWorkspace(down, sets[0][0])));

        double copy = 2 * activations / Seconds(set => CudaRuntime.Copy(set[0].Data, set[1].Data, activations));
        Report("down", activations + products, set => kernels.Down(down, set[0], product));
        Report("up, 3 outputs", (6 * activations) + products, set => kernels.Up(up, set.AsSpan(2), product));
        Report(
            "backward, 3 outputs",
            (9 * activations) + (14 * products),
            set =>
            {
                kernels.UpBackward(up, set.AsSpan(2), product, productGradients, ofUp, ofCoefficients, workspace);
                kernels.DownBackward(down, set[0], productGradients, 3, set[1], ofDown, workspace);
            });

        void Report(string pass, long bytes, Action<KernelActivations[]> launch)
        {
            double seconds = Seconds(launch);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape.Name}, {shape.Tokens} | {rank} | {type} | {pass} | {seconds * 1e6:F1} | {bytes / seconds / 1e9:F0} | {bytes / seconds / copy:P0} |"));
        }

        double Seconds(Action<KernelActivations[]> launch)
        {
            Array.ForEach(sets, launch);
            double total = CudaRuntime.Seconds(() =>
            {
                for (int round = 0; round < Rounds; round++)
                {
                    launch(sets[round % Sets]);
                }
            });
            return total / Rounds;
        }
    }

    private static KernelGradient Gradient(DeviceArena arena, int lines, int rank) =>
        new(arena.Take((long)lines * rank * sizeof(float)), rank, (long)lines * rank);

    private sealed record Shape(string Name, int Tokens, int Width, int Heads);
}

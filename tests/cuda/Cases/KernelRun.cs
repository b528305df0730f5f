using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>A problem in the memory of the emulated device, run through the kernels.</summary>
internal sealed class KernelRun : IDisposable
{
    private readonly KernelCase _case;
    private readonly KernelProblem _problem;
    private readonly LortaKernels _kernels;
    private readonly List<GuardedMemory> _memory = [];
    private readonly LortaOperands _down;
    private readonly LortaOperands _up;
    private readonly GuardedMemory _products;
    private readonly (GuardedMemory Memory, KernelActivations View) _x;
    private readonly (GuardedMemory Memory, KernelActivations View)[] _y;

    public KernelRun(KernelCase @case, KernelProblem problem, LortaKernels kernels)
    {
        (_case, _problem, _kernels) = (@case, problem, kernels);
        int headWidth = @case.Side == HeadSide.None ? 0 : @case.HeadWidth;
        KernelFactor plain = new(Take(KernelProblem.Flat(problem.A)), Size(problem.A));
        KernelFactor headed = new(
            Take(KernelProblem.Flat(problem.B)), Size(problem.B), Take(KernelProblem.Flat(problem.Heads)), Size(problem.Heads), headWidth);
        KernelCoefficients coefficients = new(Take(KernelProblem.Flat(problem.Coefficients)), problem.Rank, Size(problem.Coefficients));
        nint map = problem.Map is null ? 0 : Take<int>(problem.Map);
        nint adapters = problem.RowAdapters is null ? 0 : Take<int>(problem.RowAdapters);
        bool headsIn = @case.Side == HeadSide.Input;
        _down = new(headsIn ? headed : plain, coefficients, new(map, adapters, @case.Rows), @case.Adapters);
        _up = _down with { Factor = headsIn ? plain : headed };
        _products = Keep(new(@case.Rows * problem.Rank * sizeof(float)));
        _x = Place(problem.X);
        _y = [.. problem.Y.Select(Place)];
    }

    /// <summary>The outputs [rows of memory, width] after the update.</summary>
    public double[][,] Forward()
    {
        _kernels.Down(_down, _x.View, _products.Address);
        _kernels.Up(_up, [.. _y.Select(y => y.View)], _products.Address);
        SharedMemory.WaitForDevice();
        return [.. _y.Select(y => Read(y.Memory, y.View))];
    }

    /// <summary>The gradients, after a forward pass.</summary>
    public (double[,] Input, float[] A, float[] B, float[] Heads, float[] Coefficients) Backward()
    {
        var input = Place(_problem.InputGradient);
        KernelActivations[] outputGradients = [.. _problem.OutputGradients.Select(gradient => Place(gradient).View)];
        GuardedMemory a = Zeros(_problem.A), b = Zeros(_problem.B), heads = Zeros(_problem.Heads), coefficients = Zeros(_problem.Coefficients);
        FactorGradients plain = new(Gradient(a, _problem.A));
        FactorGradients headed = new(Gradient(b, _problem.B), Gradient(heads, _problem.Heads));
        bool headsIn = _case.Side == HeadSide.Input;
        GuardedMemory products = Keep(new(outputGradients.Length * _case.Rows * _problem.Rank * sizeof(float)));
        GuardedMemory upWorkspace = Keep(new((int)_kernels.UpBackwardWorkspace(_up, outputGradients)));
        GuardedMemory downWorkspace = Keep(new((int)_kernels.DownBackwardWorkspace(_down, _x.View)));
        _kernels.UpBackward(
            _up, outputGradients, _products.Address, products.Address, headsIn ? plain : headed, Gradient(coefficients, _problem.Coefficients),
            upWorkspace.Address);
        _kernels.DownBackward(
            _down, _x.View, products.Address, outputGradients.Length, input.View, headsIn ? headed : plain, downWorkspace.Address);
        SharedMemory.WaitForDevice();
        return (Read(input.Memory, input.View), Floats(a), Floats(b), Floats(heads), Floats(coefficients));

        static float[] Floats(GuardedMemory memory) => memory.As<float>().ToArray();
    }

    public void Dispose() => _memory.ForEach(memory => memory.Dispose());

    private static long Size(float[,,] factor) => factor.GetLength(1) * factor.GetLength(2);

    private static KernelGradient Gradient(GuardedMemory memory, float[,,] factor) =>
        factor.Length == 0 ? default : new(memory.Address, factor.GetLength(2), Size(factor));

    private GuardedMemory Zeros(float[,,] factor)
    {
        GuardedMemory memory = Keep(new(factor.Length * sizeof(float)));
        memory.As<float>().Clear();
        return memory;
    }

    private (GuardedMemory Memory, KernelActivations View) Place(double[,] activations)
    {
        int size = ActivationFormat.Size(_problem.Type);
        (int rows, int width) = (activations.GetLength(0), activations.GetLength(1));
        int stride = width + _case.Gap;
        GuardedMemory memory = Keep(new(rows * stride * size, shift: _case.Gap * size % 16));
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < width; i++)
            {
                ActivationFormat.Write(_problem.Type, memory.As<byte>()[(((row * stride) + i) * size)..], activations[row, i]);
            }
        }

        return (memory, new(memory.Address, stride, width));
    }

    private double[,] Read(GuardedMemory memory, KernelActivations view)
    {
        int size = ActivationFormat.Size(_problem.Type);
        var activations = new double[_problem.X.GetLength(0), view.Width];
        for (int row = 0; row < activations.GetLength(0); row++)
        {
            for (int i = 0; i < view.Width; i++)
            {
                activations[row, i] = ActivationFormat.Read(_problem.Type, memory.As<byte>()[(int)(((row * view.Stride) + i) * size)..]);
            }
        }

        return activations;
    }

    private nint Take<T>(ReadOnlySpan<T> values)
        where T : unmanaged => Keep(GuardedMemory.Of(values)).Address;

    private nint Take(Span<float> values) => Take<float>((ReadOnlySpan<float>)values);

    private GuardedMemory Keep(GuardedMemory memory)
    {
        _memory.Add(memory);
        return memory;
    }
}

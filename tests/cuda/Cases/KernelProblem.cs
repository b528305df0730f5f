using Lorta.Kernels;

namespace Lorta.Tests.Cuda;

/// <summary>The numbers of a case, rounded to the type of activations, and what they give by the definition.</summary>
internal sealed class KernelProblem
{
    private readonly KernelCase _case;
    private readonly Random _random;

    public KernelProblem(KernelCase @case, int rank, ActivationType type, int seed)
    {
        (_case, Rank, Type, _random) = (@case, rank, type, new(seed));
        bool hasHeads = @case.Side != HeadSide.None;
        int headed = @case.Side == HeadSide.Input ? @case.Input : @case.WidestOutput;
        int plain = @case.Side == HeadSide.Input ? @case.WidestOutput : @case.Input;
        A = Factor(plain);
        B = Factor(hasHeads ? @case.HeadWidth : headed);
        Heads = Factor(hasHeads ? headed / @case.HeadWidth : 0);
        Coefficients = Factor(@case.Outputs.Length);

        int physical = @case.IsRagged ? @case.Rows * 2 : @case.Rows;
        Map = @case.IsRagged ? Shuffled(physical)[..@case.Rows] : null;
        if (Map is { Length: > 3 })
        {
            Map[3] = -1;
        }

        RowAdapters = @case.Adapters == 1 ? null : [.. Enumerable.Range(0, @case.Rows).Select(_ => _random.Next(-1, @case.Adapters))];
        X = Activations(physical, @case.Input);
        InputGradient = Activations(physical, @case.Input);
        Y = [.. @case.Outputs.Select(width => Activations(physical, width))];
        OutputGradients = [.. @case.Outputs.Select(width => Activations(physical, width))];
    }

    public int Rank { get; }

    public ActivationType Type { get; }

    /// <summary>A, B, C_H and c of each adapter, [adapters, lines, rank].</summary>
    public float[,,] A { get; }

    public float[,,] B { get; }

    public float[,,] Heads { get; }

    public float[,,] Coefficients { get; }

    public int[]? Map { get; }

    public int[]? RowAdapters { get; }

    /// <summary>Activations [rows of memory, width].</summary>
    public double[,] X { get; }

    public double[,] InputGradient { get; }

    public double[][,] Y { get; }

    public double[][,] OutputGradients { get; }

    /// <summary>The dense update of a projection's weight [out, in].</summary>
    public double[,] Update(int adapter, int matrix)
    {
        var update = new double[_case.Outputs[matrix], _case.Input];
        for (int o = 0; o < update.GetLength(0); o++)
        {
            for (int i = 0; i < update.GetLength(1); i++)
            {
                for (int s = 0; s < Rank; s++)
                {
                    update[o, i] += Out(adapter, o, s) * Coefficients[adapter, matrix, s] * In(adapter, i, s);
                }
            }
        }

        return update;
    }

    /// <summary>y_m + x update^T of each row's adapter.</summary>
    public double[][,] Forward()
    {
        double[][,] outputs = [.. Y.Select(y => (double[,])y.Clone())];
        for (int m = 0; m < outputs.Length; m++)
        {
            double[][,] updates = [.. Enumerable.Range(0, _case.Adapters).Select(adapter => Update(adapter, m))];
            foreach ((int row, int adapter) in ActiveRows())
            {
                for (int o = 0; o < _case.Outputs[m]; o++)
                {
                    for (int i = 0; i < _case.Input; i++)
                    {
                        outputs[m][row, o] += X[row, i] * updates[adapter][o, i];
                    }
                }
            }
        }

        return outputs;
    }

    /// <summary>The gradients of x and of every factor, added to zero (factors) or to what is there (x).</summary>
    public (double[,] Input, double[,,] A, double[,,] B, double[,,] Heads, double[,,] Coefficients) Backward()
    {
        var input = (double[,])InputGradient.Clone();
        double[,,] a = Like(A), b = Like(B), heads = Like(Heads), coefficients = Like(Coefficients);
        for (int adapter = 0; adapter < _case.Adapters; adapter++)
        {
            for (int m = 0; m < _case.Outputs.Length; m++)
            {
                double[,] update = Update(adapter, m);
                var weight = new double[_case.Outputs[m], _case.Input];
                foreach ((int row, int own) in ActiveRows())
                {
                    for (int o = 0; o < _case.Outputs[m] && own == adapter; o++)
                    {
                        for (int i = 0; i < _case.Input; i++)
                        {
                            input[row, i] += OutputGradients[m][row, o] * update[o, i];
                            weight[o, i] += OutputGradients[m][row, o] * X[row, i];
                        }
                    }
                }

                AddFactorGradients(adapter, m, weight, a, b, heads, coefficients);
            }
        }

        return (input, a, b, heads, coefficients);
    }

    /// <summary>The derivative of sum(weight * update) by each factor that the update is a product of.</summary>
    private void AddFactorGradients(
        int adapter, int m, double[,] weight, double[,,] a, double[,,] b, double[,,] heads, double[,,] coefficients)
    {
        for (int o = 0; o < weight.GetLength(0); o++)
        {
            for (int i = 0; i < weight.GetLength(1); i++)
            {
                (int headed, int plain) = _case.Side == HeadSide.Input ? (i, o) : (o, i);
                for (int s = 0; s < Rank; s++)
                {
                    double c = Coefficients[adapter, m, s];
                    double left = A[adapter, plain, s];
                    if (_case.Side == HeadSide.None)
                    {
                        a[adapter, plain, s] += weight[o, i] * c * B[adapter, headed, s];
                        b[adapter, headed, s] += weight[o, i] * c * left;
                        coefficients[adapter, m, s] += weight[o, i] * left * B[adapter, headed, s];
                        continue;
                    }

                    (int head, int line) = (headed / _case.HeadWidth, headed % _case.HeadWidth);
                    double h = Heads[adapter, head, s];
                    double right = B[adapter, line, s];
                    a[adapter, plain, s] += weight[o, i] * c * h * right;
                    b[adapter, line, s] += weight[o, i] * c * h * left;
                    heads[adapter, head, s] += weight[o, i] * c * right * left;
                    coefficients[adapter, m, s] += weight[o, i] * left * h * right;
                }
            }
        }
    }

    /// <summary>The rows of memory that an adapter works on.</summary>
    public IEnumerable<(int Row, int Adapter)> ActiveRows()
    {
        for (int n = 0; n < _case.Rows; n++)
        {
            (int row, int adapter) = (Map?[n] ?? n, RowAdapters?[n] ?? 0);
            if (row >= 0 && adapter >= 0)
            {
                yield return (row, adapter);
            }
        }
    }

    private double In(int adapter, int line, int s) =>
        _case.Side == HeadSide.Input ? Headed(adapter, line, s) : A[adapter, line, s];

    private double Out(int adapter, int line, int s) =>
        _case.Side == HeadSide.Input ? A[adapter, line, s] : Headed(adapter, line, s);

    private double Headed(int adapter, int line, int s) => _case.Side == HeadSide.None
        ? B[adapter, line, s]
        : (double)Heads[adapter, line / _case.HeadWidth, s] * B[adapter, line % _case.HeadWidth, s];

    private static double[,,] Like(float[,,] factor) => new double[factor.GetLength(0), factor.GetLength(1), factor.GetLength(2)];

    private float[,,] Factor(int lines)
    {
        var factor = new float[_case.Adapters, lines, Rank];
        foreach (ref float value in Flat(factor))
        {
            value = _random.NextSingle() - 0.5f;
        }

        return factor;
    }

    private double[,] Activations(int rows, int width)
    {
        var activations = new double[rows, width];
        Span<byte> scratch = stackalloc byte[sizeof(float)];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < width; i++)
            {
                ActivationFormat.Write(Type, scratch, (_random.NextDouble() * 2) - 1);
                activations[row, i] = ActivationFormat.Read(Type, scratch);
            }
        }

        return activations;
    }

    private int[] Shuffled(int count)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        _random.Shuffle(all);
        return all;
    }

    public static Span<float> Flat(float[,,] factor) =>
        factor.Length == 0 ? [] : System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref factor[0, 0, 0], factor.Length);
}

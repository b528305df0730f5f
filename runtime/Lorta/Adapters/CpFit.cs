using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Adapters;

/// <summary>
/// The updates of all matrices as a tensor T[:, :, h, l, m] = X[l, m] Y[l, m, h]^T, in factors.
/// </summary>
/// <param name="X">The sides of the model's width [L M, d, p].</param>
/// <param name="Y">The sides of the heads [L M, H w, p].</param>
/// <param name="Layers">Number of layers, L.</param>
/// <param name="Matrices">Number of matrices in a layer, M.</param>
/// <param name="Heads">Number of heads, H.</param>
internal sealed record UpdateTensor(Tensor X, Tensor Y, int Layers, int Matrices, int Heads);

/// <summary>The factors of a fit, each with r columns, and its relative error.</summary>
internal sealed record CpFactors(Tensor A, Tensor B, Tensor Heads, Tensor Layers, Tensor Matrices, double Error);

/// <summary>
/// A CP decomposition by alternating least squares (Kolda and Bader, Tensor Decompositions and Applications, section 3.4):
/// each factor in turn is the least-squares solution for the four others.
/// </summary>
internal sealed class CpFit
{
    private const int A = 0, B = 1, Heads = 2, Layers = 3, Matrices = 4;

    // The error is a root of a difference of squares: below this it is rounding.
    private const double Exact = 1e-7;

    private static readonly Scalar Smallest = 1e-300;

    private readonly UpdateTensor _updates;
    private readonly Tensor _y; // [n, H, w, p]
    private readonly double _squaredNorm;
    private readonly Tensor[] _factors;

    private CpFit(UpdateTensor updates, int rank, Generator generator)
    {
        _updates = updates;
        (long count, long rows, long inner) = (updates.Y.size(0), updates.Y.size(1), updates.Y.size(2));
        long headWidth = rows / updates.Heads;
        _y = updates.Y.view(count, updates.Heads, headWidth, inner);
        _squaredNorm = (Grams(updates.X) * Grams(updates.Y)).sum().ToDouble();
        long[] sizes = [updates.X.size(1), headWidth, updates.Heads, updates.Layers, updates.Matrices];
        _factors = [.. sizes.Select(size => randn(size, rank, ScalarType.Float64, generator: generator))];
    }

    /// <summary>Fits factors of a rank, in the caller's dispose scope.</summary>
    /// <exception cref="ArgumentException">The rank or an option is out of range.</exception>
    public static CpFactors Of(UpdateTensor updates, int rank, CpFitOptions options)
    {
        if (rank < 1 || rank > updates.X.size(1))
        {
            throw new ArgumentOutOfRangeException(nameof(rank), $"Rank is {rank}: choose one from 1 to the model's width, {updates.X.size(1)}.");
        }

        if (options.Starts < 1 || options.Sweeps < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"A fit needs at least one start and one sweep, and has {options.Starts} and {options.Sweeps}.");
        }

        using Generator generator = new((ulong)options.Seed, CPU);
        CpFactors? best = null;
        for (int start = 0; start < options.Starts && !(best?.Error < Exact); start++)
        {
            var fit = new CpFit(updates, rank, generator);
            double error = fit.Run(options);
            if (best is null || error < best.Error)
            {
                fit.Balance();
                Tensor[] f = fit._factors;
                best = new CpFactors(f[A], f[B], f[Heads], f[Layers], f[Matrices], error);
            }
        }

        return best!;
    }

    private double Run(CpFitOptions options)
    {
        double error = double.PositiveInfinity;
        for (int sweep = 0; sweep < options.Sweeps; sweep++)
        {
            double last = error;
            error = Sweep();
            if (error < Exact || last - error < options.Tolerance * error)
            {
                break;
            }
        }

        return error;
    }

    /// <summary>Solves for each factor once; gives the relative error.</summary>
    private double Sweep()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = zeros(0);
        for (int mode = A; mode <= Matrices; mode++)
        {
            Tensor target = Target(mode); // [size, r]
            Tensor gram = Product(Enumerable.Range(A, Matrices + 1).Where(other => other != mode).Select(other => Gram(_factors[other])));
            Tensor solved = linalg.pinv(gram, hermitian: true).mm(target.t()).t().contiguous();
            inner = (target * solved).sum();
            Tensor norms = linalg.vector_norm(solved, 2, [0]).clamp_min(Smallest); // all of a component's size moves on to the last factor
            Replace(mode, mode == Matrices ? solved : solved / norms);
        }

        double fitted = Product(_factors.Select(Gram)).sum().ToDouble();
        return _squaredNorm == 0 ? 0 : Math.Sqrt(Math.Max(0, _squaredNorm - (2 * inner.ToDouble()) + fitted) / _squaredNorm);
    }

    /// <summary>The tensor unfolded along a mode times the Khatri-Rao product of the other factors [size, r].</summary>
    private Tensor Target(int mode)
    {
        Tensor heads = (_factors[Heads].unsqueeze(1) * _factors[B].unsqueeze(0)).reshape(_updates.Y.size(1), -1); // [H w, r]
        Tensor scales = (_factors[Layers].unsqueeze(1) * _factors[Matrices].unsqueeze(0)).reshape(_updates.X.size(0), 1, -1); // [n, 1, r]
        Tensor ofHeads = _updates.Y.transpose(1, 2).matmul(heads); // [n, p, r]
        if (mode == A)
        {
            return _updates.X.matmul(ofHeads * scales).sum([0L]);
        }

        Tensor ofWidth = _updates.X.transpose(1, 2).matmul(_factors[A]); // [n, p, r]
        if (mode is B or Heads)
        {
            Tensor scaled = _y.matmul((ofWidth * scales).unsqueeze(1)).sum([0L]); // [H, w, r]
            return mode == B
                ? (scaled * _factors[Heads].unsqueeze(1)).sum([0L])
                : (scaled * _factors[B].unsqueeze(0)).sum([1L]);
        }

        Tensor inner = (ofWidth * ofHeads).sum([1L]).view(_updates.Layers, _updates.Matrices, -1); // [L, M, r]
        return mode == Layers
            ? (inner * _factors[Matrices].unsqueeze(0)).sum([1L])
            : (inner * _factors[Layers].unsqueeze(1)).sum([0L]);
    }

    /// <summary>Gives the five factors of each component the same norm, so that they train alike.</summary>
    private void Balance()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] norms = [.. _factors.Select(factor => linalg.vector_norm(factor, 2, [0]).clamp_min(Smallest))]; // each [r]
        using Scalar fifth = 1.0 / _factors.Length;
        Tensor mean = Product(norms).pow(fifth);
        for (int mode = A; mode <= Matrices; mode++)
        {
            Replace(mode, _factors[mode] * (mean / norms[mode]));
        }
    }

    private void Replace(int mode, Tensor factor)
    {
        _factors[mode].Dispose();
        _factors[mode] = factor.MoveToOuterDisposeScope();
    }

    private static Tensor Product(IEnumerable<Tensor> tensors) => tensors.Aggregate((product, next) => product * next);

    private static Tensor Gram(Tensor factor) => factor.t().mm(factor); // [r, r]

    private static Tensor Grams(Tensor sides) => sides.transpose(1, 2).matmul(sides); // [n, p, p]
}

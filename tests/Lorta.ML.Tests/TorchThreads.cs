using System.Runtime.CompilerServices;
using TorchSharp;

// A seed fixes a run's numbers only while nothing else draws from torch's one generator.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Lorta.ML.Tests;

internal static class TorchThreads
{
    /// <summary>The tests' models are tiny: where threads of libtorch share a busy core, they mostly wait for each other.</summary>
    [ModuleInitializer]
    public static void UseOne() => torch.set_num_threads(1);
}

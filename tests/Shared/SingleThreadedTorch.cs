using System.Runtime.CompilerServices;
using TorchSharp;

namespace Lorta.Tests;

/// <summary>Tests run side by side already: torch's own threads would only wait for each other.</summary>
internal static class SingleThreadedTorch
{
    [ModuleInitializer]
    internal static void Apply() => torch.set_num_threads(1);
}

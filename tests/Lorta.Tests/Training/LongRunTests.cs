using System.Runtime.InteropServices;
using Lorta.Adapters;
using Lorta.Models;
using Lorta.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Training;

[Collection(GlobalGenerator.Name)]
public sealed partial class LongRunTests
{
    private const int Steps = 10_000;
    private const int Settled = 5_000; // caches are full by then, and the code is compiled for good

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TenThousandStepsAllocateAllTheSameAndLeaveNothing(bool checkpointing)
    {
        LongTests.Require();
        using DisposeScope scope = NewDisposeScope();
        using var model = new BertForSequenceClassification(
            new EncoderConfig { VocabularySize = 50, Width = 32, Layers = 2, Heads = 4, IntermediateWidth = 64, MaxPositions = 16 }, labels: 2);
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        model.Encoder.GradientCheckpointing = checkpointing;
        using LortaAdapter adapter = LortaAdapter.Attach(model, new LortaOptions { Rank = 4, Dropout = 0.1 });
        Tensor ids = randint(1, 50, [2, 8], ScalarType.Int64);
        Tensor labels = tensor([0L, 1]);
        var allocated = new long[Steps + 1]; // bytes that the thread has allocated so far
        var alive = new long[Steps + 1]; // tensors
        var memory = new SortedDictionary<long, long>(); // bytes of native memory, now and then
        var trainer = new Trainer(
            new TrainingOptions { Epochs = 1 },
            [new ParameterGroup("adapter", [.. adapter.Trained], 1e-3)],
            BatchOrder.Fixed([.. Enumerable.Range(0, Steps).Select(_ => new[] { 0, 1 })]),
            _ =>
            {
                using DisposeScope forward = NewDisposeScope();
                using AdapterScope use = adapter.Use();
                return nn.functional.cross_entropy(model.forward(ids, null, null), labels).MoveToOuterDisposeScope();
            })
        {
            AfterOptimizerStep = (step, _) =>
            {
                allocated[step] = GC.GetAllocatedBytesForCurrentThread();
                alive[step] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
                if (step >= Settled && step % 250 == 0)
                {
                    memory[step] = NativeMemory();
                }
            },
        };
        trainer.Run(TestContext.Current.CancellationToken);

        Assert.Equal(alive[Settled], alive[Steps]);
        Assert.Equal(MedianStep(Settled, Settled + 1000), MedianStep(Steps - 1000, Steps));

        // The runtime holds some megabytes at times, so that the lowest readings are compared: 350 bytes a step would raise them by 1 MB.
        long Lowest(int first) => memory.Where(entry => entry.Key >= first && entry.Key <= first + 2000).Min(entry => entry.Value);
        Assert.InRange(Lowest(Steps - 2000) - Lowest(Settled), long.MinValue, 1 << 20);

        long MedianStep(int first, int last) =>
            Enumerable.Range(first, last - first).Select(step => allocated[step + 1] - allocated[step]).Order().ElementAt((last - first) / 2);
    }

    /// <summary>The bytes that native code has allocated and not freed, libtorch's among them, as glibc counts them.</summary>
    private static long NativeMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        MallocInfo info = MallInfo2();
        return (long)(info.InUse + info.InMappings);
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInfo MallInfo2();

    /// <summary>glibc's struct mallinfo2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MallocInfo
    {
        public nuint Arena, FreeChunks, FastBins, Mappings, InMappings, Unused, InFastBins, InUse, Free, Releasable;
    }
}

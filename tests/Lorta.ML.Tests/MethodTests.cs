using Lorta.Adapters;
using Lorta.ML.Tests.Data;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Tests;

public sealed class MethodTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    private readonly MLContext _mlContext = new(1);
    private readonly Opinion[] _rows = Opinion.Rows(24);

    public static TheoryData<string> Names => [.. AdapterMethods.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void AnyMethodIsTrainedSavedAndLoaded(string name)
    {
        using LortaTransformer lorta = Fit(null, seed: 5);
        float[] before = Scores(lorta);
        using LortaTransformer model = Fit(Method(name));
        float[] expected = Scores(model);
        Assert.All(expected, score => Assert.True(float.IsFinite(score)));

        using var stream = new MemoryStream();
        _mlContext.Model.Save(model, null, stream);
        stream.Position = 0;
        using var loaded = (IDisposable)_mlContext.Model.Load(stream, out _);
        Assert.Equal(expected, Scores((ITransformer)loaded));

        // Whatever was trained, other models over the same base are as they were.
        Assert.Equal(before, Scores(lorta));
    }

    [Theory]
    [InlineData("full")]
    [InlineData("bitfit")]
    [InlineData("lora")]
    public void WhatAMethodTrainsBesideTheHeadCounts(string name)
    {
        using LortaTransformer head = Fit(new HeadOnly());
        using LortaTransformer model = Fit(Method(name));
        Assert.NotEqual(Scores(head), Scores(model));
    }

    [Fact]
    public void ScoringIsUndisturbedWhileAnotherModelOfTheBaseIsTrained()
    {
        using LortaTransformer first = Fit(null);
        float[] expected = Scores(first);
        using LortaTransformer second = Fit(Method("lora"), seed: 2, epochs: 10, whileTraining: () => Assert.Equal(expected, Scores(first)));
        using LortaTransformer third = Fit(Method("full"), seed: 2, epochs: 10, whileTraining: () => Assert.Equal(expected, Scores(first)));
        Assert.Equal(expected, Scores(first));
    }

    [Fact]
    public void ManyThreadsScoreModelsOfAllMethodsTogether()
    {
        LortaTransformer[] models = [.. AdapterMethods.Names.Select(name => Fit(Method(name)))];
        float[][] expected = [.. models.Select(Scores)];
        Array.ForEach(models, model => model.ScoresTogether = true);
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 8 }, index =>
        {
            int which = index % models.Length;
            Assert.Equal(expected[which], Scores(models[which]), (x, y) => Math.Abs(x - y) < 1e-5);
        });
        Array.ForEach(models, model => model.Dispose());
    }

    [Fact]
    public void AMethodThatDoesNotFitTheModelIsNamed()
    {
        Assert.Contains("33", Assert.Throws<InvalidOperationException>(() => Fit(new Lora { Rank = 33 })).Message, StringComparison.Ordinal);
        Assert.Contains("DroppedLayers", Assert.Throws<InvalidOperationException>(() => Fit(new AdapterDrop { DroppedLayers = 2 })).Message, StringComparison.Ordinal);
    }

    // The tiny base has two layers.
    private static AdapterMethod Method(string name) =>
        AdapterMethods.Create(name) is AdapterDrop drop ? drop with { DroppedLayers = 1 } : AdapterMethods.Create(name);

    private LortaTransformer Fit(AdapterMethod? method, int seed = 1, int epochs = 2, Action? whileTraining = null) =>
        _mlContext.Transforms.LortaFineTune(new LortaFineTuneOptions
        {
            BaseModel = tiny.Folder, Method = method, MaxLength = 16, Epochs = epochs, BatchSize = 8, Rank = 2, Seed = seed, LearningRate = 1e-2,
            Progress = new Steps(whileTraining ?? (() => { })),
        }).Fit(_mlContext.Data.LoadFromEnumerable(_rows));

    private float[] Scores(ITransformer model) =>
        [.. model.Transform(_mlContext.Data.LoadFromEnumerable(_rows)).GetColumn<float[]>("Score").SelectMany(row => row)];

    private sealed class Steps(Action act) : IProgress<Training.TrainingProgress>
    {
        public void Report(Training.TrainingProgress value) => act();
    }
}

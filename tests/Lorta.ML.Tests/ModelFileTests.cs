using System.IO.Compression;
using Lorta.ML.Tests.Data;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Lorta.ML.Tests;

public sealed class ModelFileTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private readonly MLContext _mlContext = new(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-models-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(LortaTask.MulticlassClassification, "Label")]
    [InlineData(LortaTask.MulticlassClassification, "Stars")]
    [InlineData(LortaTask.BinaryClassification, "IsPraise")]
    [InlineData(LortaTask.Regression, "Stars")]
    public void ALoadedModelGivesTheSameRows(LortaTask task, string label)
    {
        IDataView rows = Load(Opinion.Rows(20));
        using LortaTransformer model = Fit(task, label);
        using var loaded = (LortaTransformer)Single(SaveAndLoad(model, rows.Schema, out DataViewSchema schema));
        Assert.Equal(rows.Schema.Select(column => column.Name), schema.Select(column => column.Name));
        IDataView expected = model.Transform(rows);
        IDataView actual = loaded.Transform(rows);
        Assert.Equal(Columns.SchemaShapes.Describe(Columns.SchemaShapes.Of(expected.Schema)), Columns.SchemaShapes.Describe(Columns.SchemaShapes.Of(actual.Schema)));
        Assert.Equal(Preview(expected), Preview(actual));
    }

    [Fact]
    public void AFreshProcessLoadsAModelAloneAndInAChain()
    {
        IDataView rows = Load(Opinion.Rows(20));
        using LortaTransformer model = Fit();
        TransformerChain<ITransformer> chain = new(
            _mlContext.Transforms.CopyColumns("Copy", "Text").Fit(rows), model, _mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(model.Transform(rows)));
        string alone = Path.Combine(_folder.FullName, "alone.zip");
        string chained = Path.Combine(_folder.FullName, "chained.zip");
        _mlContext.Model.Save(model, rows.Schema, alone);
        _mlContext.Model.Save(chain, rows.Schema, chained);
        string expected = FreshProcess.Describe(_mlContext, model);
        Assert.Equal([expected, expected], FreshProcess.Start(alone, chained));
    }

    [Fact]
    public void AModelFileHoldsWhatWasTrainedAndNotTheBase()
    {
        using LortaTransformer model = Fit();
        string path = Save(model);
        using ZipArchive zip = ZipFile.OpenRead(path);
        string[] names = [.. zip.Entries.Select(entry => Path.GetFileName(entry.FullName.Replace('\\', '/')))];
        Assert.Contains("adapter_model.safetensors", names);
        Assert.Contains("adapter_config.json", names);
        Assert.Contains("vocab.txt", names);
        Assert.DoesNotContain("model.safetensors", names);
    }

    [Fact]
    public void AnEmbeddedBaseNeedsNoFolder()
    {
        using var passing = new TinyBase();
        LortaFineTuneOptions options = Options(LortaTask.MulticlassClassification, "Label");
        options.BaseModel = passing.Folder;
        options.EmbedBaseModel = true;
        string first = Path.Combine(_folder.FullName, "first.zip");
        string second = Path.Combine(_folder.FullName, "second.zip");
        string expected;
        using (LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30))))
        {
            expected = FreshProcess.Describe(_mlContext, model);
            _mlContext.Model.Save(model, null, first);
        }

        foreach (string file in Directory.EnumerateFiles(passing.Folder))
        {
            File.Delete(file);
        }

        using (var loaded = (IDisposable)_mlContext.Model.Load(first, out _))
        {
            Assert.Equal(expected, FreshProcess.Describe(_mlContext, (ITransformer)loaded));
            _mlContext.Model.Save((ITransformer)loaded, null, second);
        }

        using var again = (IDisposable)_mlContext.Model.Load(second, out _);
        Assert.Equal(expected, FreshProcess.Describe(_mlContext, (ITransformer)again));
    }

    [Fact]
    public void ABaseThatIsGoneOrAnotherIsNamed()
    {
        string path;
        string folder = Path.Combine(_folder.FullName, "base");
        CopyFolder(tiny.Folder, folder);
        LortaFineTuneOptions options = Options(LortaTask.MulticlassClassification, "Label");
        options.BaseModel = folder;
        using (LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30))))
        {
            path = Save(model);
        }

        string weights = Path.Combine(folder, "model.safetensors");
        byte[] content = File.ReadAllBytes(weights);
        content[^1] ^= 1;
        File.WriteAllBytes(weights, content);
        string other = Refusal<FormatException>(() => _mlContext.Model.Load(path, out _));
        Assert.Contains("model.safetensors", other, StringComparison.Ordinal);
        Assert.Contains(folder, other, StringComparison.Ordinal);

        Directory.Delete(folder, recursive: true);
        string missing = Refusal<IOException>(() => _mlContext.Model.Load(path, out _));
        Assert.Contains(folder, missing, StringComparison.Ordinal);
        Assert.Contains("LORTA_BASE_MODELS", missing, StringComparison.Ordinal);

        string elsewhere = Path.Combine(_folder.FullName, "elsewhere");
        CopyFolder(tiny.Folder, Path.Combine(elsewhere, "base"));
        Environment.SetEnvironmentVariable("LORTA_BASE_MODELS", elsewhere);
        try
        {
            ((IDisposable)_mlContext.Model.Load(path, out _)).Dispose();
        }
        finally
        {
            Environment.SetEnvironmentVariable("LORTA_BASE_MODELS", null);
        }
    }

    [Fact]
    public void ABaseThatChangesWhileItIsTrainedOnIsNamed()
    {
        string folder = Path.Combine(_folder.FullName, "changing");
        CopyFolder(tiny.Folder, folder);
        LortaFineTuneOptions options = Options(LortaTask.MulticlassClassification, "Label");
        options.BaseModel = folder;
        options.Progress = new Reports(() => File.SetLastWriteTimeUtc(Path.Combine(folder, "model.safetensors"), DateTime.UnixEpoch));
        var error = Assert.Throws<InvalidOperationException>(() => _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30))));
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
        Assert.Contains("changed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHubIdIsLookedUpWhereTheModelIsLoaded()
    {
        string first = CreateHubCache("first");
        string second = CreateHubCache("second");
        string empty = Path.Combine(_folder.FullName, "empty");
        Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
        try
        {
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", first);
            LortaFineTuneOptions options = Options(LortaTask.MulticlassClassification, "Label");
            options.BaseModel = "lorta/tiny";
            string path;
            string expected;
            using (LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30))))
            {
                path = Save(model);
                expected = FreshProcess.Describe(_mlContext, model);
            }

            Directory.Delete(first, recursive: true);
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", second);
            using (var loaded = (IDisposable)_mlContext.Model.Load(path, out _))
            {
                Assert.Equal(expected, FreshProcess.Describe(_mlContext, (ITransformer)loaded));
            }

            Environment.SetEnvironmentVariable("HF_HUB_CACHE", empty);
            Assert.Contains("lorta/tiny", Refusal<IOException>(() => _mlContext.Model.Load(path, out _)), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", null);
            Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", null);
        }
    }

    [Fact]
    public void DisposedModelsSayThatTheyAre()
    {
        LortaTransformer model = Fit();
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Preview(model.Transform(Load(Opinion.Rows(1)))));
    }

    /// <summary>ML.NET wraps what a component throws while it is loaded: the component's own words are the innermost.</summary>
    private static string Refusal<T>(Action load)
        where T : Exception => Assert.IsType<T>(Assert.Throws<InvalidOperationException>(load).GetBaseException()).Message;

    private LortaFineTuneOptions Options(LortaTask task, string label) => new()
    {
        BaseModel = tiny.Folder, Task = task, LabelColumn = label, MaxLength = 32, Epochs = 1, Rank = 4,
    };

    private LortaTransformer Fit(LortaTask task = LortaTask.MulticlassClassification, string label = "Label") =>
        _mlContext.Transforms.LortaFineTune(Options(task, label)).Fit(Load(Opinion.Rows(30)));

    private IDataView Load(IEnumerable<Opinion> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private string Save(ITransformer model)
    {
        string path = Path.Combine(_folder.FullName, "model.zip");
        _mlContext.Model.Save(model, null, path);
        return path;
    }

    private ITransformer SaveAndLoad(ITransformer model, DataViewSchema schema, out DataViewSchema loadedSchema)
    {
        using var stream = new MemoryStream();
        _mlContext.Model.Save(model, schema, stream);
        stream.Position = 0;
        return _mlContext.Model.Load(stream, out loadedSchema);
    }

    /// <summary>A cache as Hugging Face's tools lay it out, with the tiny base in it.</summary>
    private string CreateHubCache(string name)
    {
        const string Commit = "0123456789abcdef0123456789abcdef01234567";
        string cache = Path.Combine(_folder.FullName, name);
        string model = Path.Combine(cache, "models--lorta--tiny");
        Directory.CreateDirectory(Path.Combine(model, "refs"));
        File.WriteAllText(Path.Combine(model, "refs", "main"), Commit);
        CopyFolder(tiny.Folder, Path.Combine(model, "snapshots", Commit));
        return cache;
    }

    private static ITransformer Single(ITransformer loaded) => loaded is IEnumerable<ITransformer> chain ? chain.Single() : loaded;

    private static string[] Preview(IDataView view) =>
        [.. view.Preview().RowView.Select(row => string.Join(", ", row.Values.Select(value => $"{value.Key}={Text(value.Value)}")))];

    private static string Text(object value) => value is VBuffer<float> vector ? string.Join(' ', vector.DenseValues()) : $"{value}";

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private sealed class Reports(Action act) : IProgress<Training.TrainingProgress>
    {
        public void Report(Training.TrainingProgress value) => act();
    }
}

using System.Text.Json.Nodes;
using Lorta.Adapters;
using Lorta.ML.Tests.Columns;
using Lorta.ML.Tests.Data;
using Microsoft.ML;

namespace Lorta.ML.Tests;

public sealed class OptionsTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    private readonly MLContext _mlContext = new(1);

    public static TheoryData<string, Action<LortaFineTuneOptions>> OutOfRange => new()
    {
        { "BaseModel", options => options.BaseModel = "" },
        { "BaseModel", options => options.BaseModel = "no/such/folder" },
        { "Task", options => options.Task = (LortaTask)7 },
        { "TextColumn", options => options.TextColumn = "" },
        { "LabelColumn", options => options.LabelColumn = "" },
        { "Method", options => options.Method = new Unregistered() },
        { "Method", options => options.Method = new Lora { Rank = 0 } },
        { "Rank", options => options.Rank = 0 },
        { "Alpha", options => options.Alpha = double.NaN },
        { "Modes", options => options.Modes = (LortaModes)64 },
        { "Dropout", options => options.Dropout = 1 },
        { "Epochs", options => options.Epochs = 0 },
        { "BatchSize", options => options.BatchSize = 0 },
        { "MicroBatchSize", options => options.MicroBatchSize = 0 },
        { "LearningRate", options => options.LearningRate = -1 },
        { "HeadLearningRate", options => options.HeadLearningRate = double.PositiveInfinity },
        { "HeadWeightDecay", options => options.HeadWeightDecay = double.NaN },
        { "MaxGradientNorm", options => options.MaxGradientNorm = 0 },
        { "WarmupRatio", options => options.WarmupRatio = 1.5 },
        { "MaxLength", options => options.MaxLength = 2 },
        { "ValidationFraction", options => options.ValidationFraction = 1 },
        { "ValidationMetric", options => options.ValidationMetric = "pearson" },
        { "Patience", options => options.Patience = 3 },
        { "Device", options => options.Device = "tpu" },
        { "Device", options => options.Device = "cuda:99" },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void AnOptionOutOfRangeIsNamed(string name, Action<LortaFineTuneOptions> spoil)
    {
        var options = new LortaFineTuneOptions { BaseModel = tiny.Folder };
        spoil(options);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => _mlContext.Transforms.LortaFineTune(options));
        Assert.Equal(name, error.ParamName);
        Assert.Contains(name == "Device" ? options.Device : name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnOptionThatDoesNotFitTheModelIsNamed()
    {
        Assert.Contains("33", Refusal(options => options.Rank = 33), StringComparison.Ordinal);
        Assert.Contains("65", Refusal(options => options.MaxLength = 65), StringComparison.Ordinal);
        using var empty = new TemporaryBase();
        Assert.Contains("config.json", Refusal(options => options.BaseModel = empty.Folder), StringComparison.Ordinal);
    }

    [Fact]
    public void AColumnThatIsMissingOrOfAnotherTypeIsNamed()
    {
        SchemaShape shape = SchemaShapes.Of(_mlContext.Data.LoadFromEnumerable(Opinion.Rows(1)).Schema);
        AssertMismatch(shape, options => options.TextColumn = "Sentence", "'Sentence'");
        AssertMismatch(shape, options => options.TextColumn = "Stars", "'Stars'", "String", "Single");
        AssertMismatch(shape, options => options.SecondTextColumn = "Id", "'Id'", "String", "Int32");
        AssertMismatch(shape, options => options.LabelColumn = "Class", "'Class'");
        AssertMismatch(shape, options => options.Task = LortaTask.Regression, "'Label'", "number", "String");
    }

    [Fact]
    public void TheShortFormTakesTheSameOptions()
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Opinion.Rows(12));
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(tiny.Folder, "Stars", task: LortaTask.Regression, maxLength: 16, epochs: 1).Fit(rows);
        Assert.NotNull(model.Transform(rows).Schema.GetColumnOrNull("Score"));
    }

    private void AssertMismatch(SchemaShape shape, Action<LortaFineTuneOptions> change, params string[] words)
    {
        var options = new LortaFineTuneOptions { BaseModel = tiny.Folder };
        change(options);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => _mlContext.Transforms.LortaFineTune(options).GetOutputSchema(shape));
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    private string Refusal(Action<LortaFineTuneOptions> change)
    {
        var options = new LortaFineTuneOptions { BaseModel = tiny.Folder, MaxLength = 16, Epochs = 1 };
        change(options);
        return Assert.Throws<InvalidOperationException>(
            () => _mlContext.Transforms.LortaFineTune(options).Fit(_mlContext.Data.LoadFromEnumerable(Opinion.Rows(6)))).Message;
    }

    private sealed record Unregistered : AdapterMethod
    {
        public override string Name => "mine";

        public override Adapter Attach(IAdaptable model, string name = "default") => throw new NotSupportedException();

        public override JsonObject ToJson() => [];
    }

    private sealed class TemporaryBase : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-empty-");

        public string Folder => _folder.FullName;

        public void Dispose() => _folder.Delete();
    }
}

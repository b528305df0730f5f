using Lorta.ML.Tests.Columns;
using Lorta.ML.Tests.Data;
using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Lorta.ML.Tests;

public sealed class FineTuneTests(TinyBase tiny) : IClassFixture<TinyBase>
{
    private readonly MLContext _mlContext = new(1);

    private LortaFineTuneOptions Options(LortaTask task = LortaTask.MulticlassClassification) => new()
    {
        BaseModel = tiny.Folder,
        Task = task,
        LabelColumn = task switch { LortaTask.MulticlassClassification => "Label", LortaTask.BinaryClassification => "IsPraise", _ => "Stars" },
        MaxLength = 32,
        Epochs = 20,
        BatchSize = 16,
        Rank = 4,
        LearningRate = 3e-2,
        HeadLearningRate = 3e-2,
    };

    [Theory]
    [InlineData(LortaTask.MulticlassClassification)]
    [InlineData(LortaTask.BinaryClassification)]
    [InlineData(LortaTask.Regression)]
    public void TheSchemaIsWhatTheEstimatorPromised(LortaTask task)
    {
        IDataView rows = _mlContext.Data.LoadFromEnumerable(Opinion.Rows(12));
        LortaFineTuneOptions options = Options(task);
        options.Epochs = 1;
        IEstimator<LortaTransformer> estimator = _mlContext.Transforms.LortaFineTune(options);
        AssertSchema(estimator, rows);
        if (task == LortaTask.MulticlassClassification)
        {
            AssertSchema(estimator, _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows));
            options.LabelColumn = "Stars";
            AssertSchema(_mlContext.Transforms.LortaFineTune(options), rows);
            options.LabelColumn = "IsPraise";
            AssertSchema(_mlContext.Transforms.LortaFineTune(options), rows);
        }
    }

    [Fact]
    public void LearnsClassesThatTheEvaluatorScores()
    {
        IDataView keyed = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(Load(Opinion.Rows(480))).Transform(Load(Opinion.Rows(480)));
        DataOperationsCatalog.TrainTestData split = _mlContext.Data.TrainTestSplit(keyed, 0.25, seed: 1);
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(Options()).Fit(split.TrainSet);
        IDataView scored = model.Transform(split.TestSet);
        MulticlassClassificationMetrics metrics = _mlContext.MulticlassClassification.Evaluate(scored);
        Assert.InRange(metrics.MicroAccuracy, 0.8, 1);
        IDataView named = _mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(scored).Transform(scored);
        Assert.All(named.GetColumn<string>("PredictedLabel"), label => Assert.Contains(label, (string[])["praise", "blame", "none"]));
        VBuffer<ReadOnlyMemory<char>> slots = default;
        scored.Schema["Score"].GetSlotNames(ref slots);
        Assert.Equal(["praise", "blame", "none"], slots.DenseValues().Select(slot => slot.ToString()));
    }

    [Fact]
    public void LearnsYesOrNoThatTheEvaluatorScores()
    {
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(Options(LortaTask.BinaryClassification)).Fit(Load(Opinion.Rows(180)));
        IDataView scored = model.Transform(Load(Opinion.Rows(60, seed: 1)));
        CalibratedBinaryClassificationMetrics metrics = _mlContext.BinaryClassification.Evaluate(scored, "IsPraise");
        Assert.InRange(metrics.AreaUnderRocCurve, 0.9, 1);
        foreach ((float score, float probability, bool predicted) in scored.GetColumn<float>("Score").Zip(scored.GetColumn<float>("Probability"), scored.GetColumn<bool>("PredictedLabel")))
        {
            Assert.Equal(1 / (1 + Math.Exp(-score)), probability, 1e-6);
            Assert.Equal(score > 0, predicted);
        }
    }

    [Fact]
    public void LearnsNumbersThatTheEvaluatorScores()
    {
        LortaFineTuneOptions options = Options(LortaTask.Regression);
        options.Epochs = 30;
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(180)));
        RegressionMetrics metrics = _mlContext.Regression.Evaluate(model.Transform(Load(Opinion.Rows(60, seed: 1))), "Stars");
        Assert.InRange(metrics.RSquared, 0.5, 1);
    }

    [Fact]
    public void CrossValidates()
    {
        IEstimator<ITransformer> pipeline = _mlContext.Transforms.Conversion.MapValueToKey("Label").Append(_mlContext.Transforms.LortaFineTune(Options()));
        var folds = _mlContext.MulticlassClassification.CrossValidate(Load(Opinion.Rows(240)), pipeline, numberOfFolds: 2);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.MicroAccuracy, 0.5, 1));
    }

    [Fact]
    public void TheSameSeedGivesTheSameModel()
    {
        float[] first = Scores(Options());
        Assert.Equal(first, Scores(Options()));
        LortaFineTuneOptions other = Options();
        other.Seed = 7;
        Assert.NotEqual(first, Scores(other));
    }

    [Fact]
    public void ReadsTextFilesAndDataFrames()
    {
        string path = Path.GetTempFileName();
        File.WriteAllLines(path, Opinion.Rows(30).Select(row => $"{row.Label}\t{row.Text}").Prepend("Label\tText"));
        IDataView file = _mlContext.Data.LoadFromTextFile(
            path, [new("Label", DataKind.String, 0), new("Text", DataKind.String, 1)], hasHeader: true);
        var frame = new DataFrame(
            new StringDataFrameColumn("Label", Opinion.Rows(30).Select(row => row.Label)), new StringDataFrameColumn("Text", Opinion.Rows(30).Select(row => row.Text)));
        Assert.Equal(ScoresOf(Options(), Load(Opinion.Rows(30))), ScoresOf(Options(), file));
        Assert.Equal(ScoresOf(Options(), Load(Opinion.Rows(30))), ScoresOf(Options(), frame));
        File.Delete(path);
    }

    [Fact]
    public void ValidationKeepsTheBestEpoch()
    {
        var reported = new List<double>();
        LortaFineTuneOptions options = Options();
        options.ValidationSet = Load(Opinion.Rows(60, seed: 5));
        options.Progress = new Reports(progress =>
        {
            if (progress.FinishedEpoch is { } epoch)
            {
                reported.Add(epoch.Metrics["accuracy"]);
            }
        });
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(60)));
        Assert.Equal(options.Epochs, reported.Count);
        IDataView scored = model.Transform(options.ValidationSet);
        string[] classes = ["praise", "blame", "none"];
        double accuracy = scored.GetColumn<uint>("PredictedLabel").Zip(scored.GetColumn<string>("Label")).Average(row => classes[row.First - 1] == row.Second ? 1 : 0);
        Assert.Equal(reported.Max(), accuracy, 1e-9);
    }

    [Fact]
    public void AFractionIsHeldOutForValidation()
    {
        var reported = new List<string>();
        LortaFineTuneOptions options = Options(LortaTask.Regression);
        options.ValidationFraction = 0.2;
        options.Patience = 1;
        options.Progress = new Reports(progress => reported.AddRange(progress.FinishedEpoch?.Metrics.Keys ?? []));
        _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30))).Dispose();
        Assert.Contains("pearson", reported);
    }

    [Fact]
    public void ASecondTextIsRead()
    {
        LortaFineTuneOptions options = Options();
        options.SecondTextColumn = "Second";
        options.Epochs = 1;
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(Load(Opinion.Rows(30)));
        Opinion row = Opinion.Rows(1)[0];
        float[] with = [.. model.Transform(Load([row])).GetColumn<float[]>("Score").Single()];
        row.Second = "awful awful";
        Assert.NotEqual(with, model.Transform(Load([row])).GetColumn<float[]>("Score").Single());
    }

    [Fact]
    public void ManyThreadsGetRightAnswers()
    {
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(Options()).Fit(Load(Opinion.Rows(30)));
        Opinion[] rows = Opinion.Rows(64, seed: 3);
        float[][] expected = [.. model.Transform(Load(rows)).GetColumn<float[]>("Score")];
        Parallel.For(0, 8, _ =>
        {
            using PredictionEngine<Opinion, Prediction> engine = _mlContext.Model.CreatePredictionEngine<Opinion, Prediction>(
                model, new PredictionEngineOptions { OwnsTransformer = false });
            foreach ((Opinion row, float[] scores) in rows.Zip(expected))
            {
                Assert.Equal(scores, engine.Predict(row).Score, (x, y) => Math.Abs(x - y) < 1e-5);
            }
        });
    }

    [Fact]
    public void ScoringLeavesNoTensor()
    {
        IDataView rows = Load(Opinion.Rows(12));
        LortaFineTuneOptions options = Options();
        options.Epochs = 1;
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(rows);
        using PredictionEngine<Opinion, Prediction> engine = _mlContext.Model.CreatePredictionEngine<Opinion, Prediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false });
        long before = Tensor.TotalCount;
        Assert.Equal(12, model.Transform(rows).GetColumn<float[]>("Score").Count());
        engine.Predict(Opinion.Rows(1)[0]);
        Assert.Equal(before, Tensor.TotalCount);
    }

    private IDataView Load(IEnumerable<Opinion> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private float[] Scores(LortaFineTuneOptions options) => ScoresOf(options, Load(Opinion.Rows(30)));

    private float[] ScoresOf(LortaFineTuneOptions options, IDataView data)
    {
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(data);
        return [.. model.Transform(data).GetColumn<float[]>("Score").SelectMany(row => row)];
    }

    private static void AssertSchema(IEstimator<LortaTransformer> estimator, IDataView rows)
    {
        SchemaShape promised = estimator.GetOutputSchema(SchemaShapes.Of(rows.Schema));
        using LortaTransformer model = estimator.Fit(rows);
        DataViewSchema delivered = model.Transform(rows).Schema;
        Assert.Equal(SchemaShapes.Describe(promised), SchemaShapes.Describe(SchemaShapes.Of(delivered)));
        Assert.Equal(
            SchemaShapes.Describe(SchemaShapes.Of(delivered)), SchemaShapes.Describe(SchemaShapes.Of(((ITransformer)model).GetOutputSchema(rows.Schema))));
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }

    private sealed class Reports(Action<Training.TrainingProgress> report) : IProgress<Training.TrainingProgress>
    {
        public void Report(Training.TrainingProgress value) => report(value);
    }
}

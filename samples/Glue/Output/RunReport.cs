using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Glue.Data;
using Glue.Fitting;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Checkpoints;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Output;

/// <summary>What a training or an evaluation came to, as <c>--json</c> writes it.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Method">The method's name.</param>
/// <param name="Rank">The adapter's rank; null without one.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Parameters">How many numbers are trained, the head's included.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Epochs">Every epoch; for an evaluation none.</param>
/// <param name="Best">The epoch whose parameters were kept, or what was evaluated.</param>
/// <param name="AdapterParameters">How many numbers are trained without the head's; null in reports of earlier versions.</param>
/// <param name="Settings">How it was trained; null for an evaluation.</param>
internal sealed record RunReport(
    string Task,
    string Method,
    int? Rank,
    int Seed,
    long Parameters,
    double Seconds,
    IReadOnlyList<EpochReport> Epochs,
    EpochReport? Best,
    long? AdapterParameters = null,
    ReportedSettings? Settings = null)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Reads what <see cref="Write"/> wrote, also what earlier versions did.</summary>
    /// <exception cref="CheckpointException">The file can't be read, or is no report.</exception>
    public static RunReport Read(string path)
    {
        try
        {
            return JsonFile.Read(path).Root.Deserialize<RunReport>(Json)!;
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"{path} is no report of a run, at {error.Path}: give one, or move it away if it stands where a report is written.", error);
        }
    }

    /// <summary>An object of the report's kind as JSON.</summary>
    public static JsonObject ToJson<T>(T value) => JsonSerializer.SerializeToNode(value, Json)!.AsObject();

    /// <summary>The rank that a report names, of the methods that have one.</summary>
    public static int? RankOf(AdapterMethod method) => method.ToJson()["rank"]?.GetValue<int>();

    /// <summary>What a training came to.</summary>
    public static RunReport Of(LabelledData data, string model, FineTuneSettings settings, FineTunedModel trained, TimeSpan time) => new(
        data.Task.Name,
        settings.Method.Name,
        RankOf(settings.Method),
        (int)settings.Options.Seed,
        trained.AdapterParameters + trained.HeadParameters,
        time.TotalSeconds,
        [.. trained.Result.Epochs.Select(epoch => EpochReport.Of(epoch, data.Task))],
        EpochReport.Of(trained.Best, data.Task),
        trained.AdapterParameters,
        ReportedSettings.Of(settings, model, data));

    /// <summary>The first thing in which the run is not the one that is asked for, in words; null where it is that one.</summary>
    public string? Difference(LabelledData data, string model, FineTuneSettings settings)
    {
        (string Name, string Own, string Asked)[] run =
        [
            ("task", Task, data.Task.Name), ("method", Method, settings.Method.Name), ("seed", $"{Seed}", $"{settings.Options.Seed}"),
        ];
        return run.Where(entry => entry.Own != entry.Asked).Select(entry => $"{entry.Name} {entry.Own}, not {entry.Asked}").FirstOrDefault()
            ?? Settings?.Difference(ReportedSettings.Of(settings, model, data));
    }

    /// <summary>How the run was trained; null where the report does not say.</summary>
    /// <exception cref="ArgumentException">The method is unknown, or lacks an option.</exception>
    public FineTuneSettings? ToSettings() => Settings is null ? null : new FineTuneSettings(
        AdapterMethods.Create(Method).With(Settings.Options.ToDictionary(option => option.Key, option => option.Value!.ToString())),
        new FineTuningOptions
        {
            Epochs = Settings.Epochs,
            BatchSize = Settings.Batch,
            AdapterRate = Settings.Rate,
            HeadRate = Settings.HeadRate,
            HeadWeightDecay = Settings.WeightDecay,
            Schedule = new(Enum.Parse<ScheduleShape>(Settings.Schedule, ignoreCase: true), Settings.WarmUp),
            MaxGradientNorm = Settings.Clip,
            Patience = Settings.Patience,
        },
        Settings.MaxLength,
        Settings.BFloat16);

    /// <summary>Writes the report to a file, whole or not at all.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json) + "\n");
}

/// <summary>How a run was trained.</summary>
/// <param name="Model">The base model's name.</param>
/// <param name="Rows">Rows trained on.</param>
/// <param name="Options">The method's options.</param>
/// <param name="Epochs">Times to go through the rows.</param>
/// <param name="Batch">Rows of a step.</param>
/// <param name="MaxLength">Tokens of a row; null for as many as the model has positions.</param>
/// <param name="Rate">The adapter's highest learning rate.</param>
/// <param name="HeadRate">The head's.</param>
/// <param name="WeightDecay">Of the head's weights.</param>
/// <param name="Schedule">How the rates go after the warm-up.</param>
/// <param name="WarmUp">Share of the steps in which they rise.</param>
/// <param name="Clip">Norm above which gradients are scaled down; null for none.</param>
/// <param name="BFloat16">Whether the encoder's numbers were bfloat16.</param>
/// <param name="Patience">Epochs without a better score after which it would have ended; null for none.</param>
/// <param name="Data">The hash of all rows (<see cref="LabelledData.Hash"/>); null in reports of earlier versions.</param>
internal sealed record ReportedSettings(
    string Model,
    int Rows,
    JsonObject Options,
    int Epochs,
    int Batch,
    int? MaxLength,
    double Rate,
    double HeadRate,
    double WeightDecay,
    string Schedule,
    double WarmUp,
    double? Clip,
    bool BFloat16 = false,
    int? Patience = null,
    string? Data = null)
{
    public static ReportedSettings Of(FineTuneSettings settings, string model, LabelledData data)
    {
        FineTuningOptions options = settings.Options;
        return new(
            BaseModel.Name(model),
            data.Train.Count,
            settings.Method.ToJson(),
            options.Epochs,
            options.BatchSize,
            settings.MaxLength,
            options.AdapterRate,
            options.HeadRate,
            options.HeadWeightDecay,
            options.Schedule.Shape.ToString().ToLowerInvariant(),
            options.Schedule.WarmupRatio,
            options.MaxGradientNorm,
            settings.BFloat16,
            options.Patience,
            data.Hash());
    }

    /// <summary>The first setting in which another run was trained otherwise, in words; null where none is.</summary>
    public string? Difference(ReportedSettings other)
    {
        JsonObject own = RunReport.ToJson(this);
        return RunReport.ToJson(other)
            .Where(field => !JsonNode.DeepEquals(field.Value, own[field.Key]))
            .Select(field => $"{field.Key} {own[field.Key]?.ToJsonString() ?? "none"}, not {field.Value?.ToJsonString() ?? "none"}")
            .FirstOrDefault();
    }
}

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Loss">The mean loss; null where nothing was trained.</param>
/// <param name="Metrics">The scores by name.</param>
internal sealed record EpochReport(int Epoch, double? Loss, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>An epoch with the task's own scores.</summary>
    public static EpochReport Of(EpochRecord epoch, TextTask task) => new(epoch.Epoch, epoch.Loss, task.OwnScores(epoch.Metrics));
}

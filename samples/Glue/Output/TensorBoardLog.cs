using System.Text.Json.Nodes;
using Lorta.Training;
using TorchSharp.Modules;
using static TorchSharp.torch.utils;

namespace Glue.Output;

/// <summary>
/// Writes a training for TensorBoard: the loss and the rates of each step, the scores of each epoch, and the settings as a table
/// of text, as TorchSharp's writer has no hyperparameters of its own kind. A run that is resumed adds to what is there.
/// </summary>
internal sealed class TensorBoardLog : IProgress<TrainingProgress>
{
    private readonly SummaryWriter _writer;

    /// <param name="folder">The folder, made where it is missing.</param>
    /// <param name="method">The method's name.</param>
    /// <param name="settings">How the run is trained.</param>
    public TensorBoardLog(string folder, string method, ReportedSettings settings)
    {
        _writer = tensorboard.SummaryWriter(folder);
        IEnumerable<string> rows = RunReport.ToJson(settings)
            .SelectMany(field => field.Value is JsonObject options ? options.AsEnumerable() : [field])
            .Select(field => $"| {field.Key} | {field.Value?.ToString() ?? "none"} |");
        _writer.add_text("settings", string.Join('\n', [$"| method | {method} |", "| --- | --- |", .. rows]), 0);
    }

    public void Report(TrainingProgress value)
    {
        int step = (int)value.Step;
        if (value.FinishedEpoch is { } finished)
        {
            Add("epoch/loss", finished.Loss, step);
            foreach ((string name, double score) in finished.Metrics)
            {
                Add($"epoch/{name}", score, step);
            }

            return;
        }

        Add("step/loss", value.Loss, step);
        foreach ((string group, double rate) in value.LearningRates)
        {
            Add($"rate/{group}", rate, step);
        }
    }

    private void Add(string tag, double value, int step) => _writer.add_scalar(tag, (float)value, step);
}

using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Lorta.Tests;
using Tensorboard;

namespace Glue.Tests.Commands;

/// <summary>What TensorBoard is given to read.</summary>
[Collection(GlueProgram.Collection)]
public sealed class TensorBoardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Log_has_every_step_and_the_epochs_that_the_report_has()
    {
        string model = SharedData.Require("reference/models/bert-tiny");
        string log = Path.Combine(_folder.Path, "log");
        string json = Path.Combine(_folder.Path, "train.json");
        (await GlueProgram.RunHere(
            "train", "--model", model, "--limit", "40", "--epochs", "2", "--batch", "8", "--method", "lora", "--rank", "2", "--schedule", "constant", "--warm-up", "0",
            "--quiet", "--out", Path.Combine(_folder.Path, "run"), "--json", json, "--tensorboard", log)).AssertWentWell();

        Event[] events = [.. Read(Assert.Single(Directory.EnumerateFiles(log)))];
        (long Step, Summary.Types.Value Value)[] values = [.. events.Where(e => e.Summary is not null).SelectMany(e => e.Summary.Value.Select(value => (e.Step, value)))];
        Assert.Equal(Enumerable.Range(1, 10).Select(step => (long)step), Of("step/loss").Select(entry => entry.Step));
        Assert.All(Of("rate/adapter"), entry => Assert.Equal(1e-3f, entry.Value.SimpleValue));

        JsonArray epochs = JsonNode.Parse(File.ReadAllText(json))!["epochs"]!.AsArray();
        Assert.Equal(epochs.Select(epoch => (float)(double)epoch!["loss"]!), Of("epoch/loss").Select(entry => entry.Value.SimpleValue));
        Assert.Equal(epochs.Select(epoch => (float)(double)epoch!["metrics"]!["accuracy"]!), Of("epoch/accuracy").Select(entry => entry.Value.SimpleValue));
        Assert.Equal([5L, 10L], Of("epoch/accuracy").Select(entry => entry.Step));
        // The mean of an epoch's steps is the epoch's.
        Assert.Equal(Of("step/loss").Take(5).Average(entry => entry.Value.SimpleValue), Of("epoch/loss").First().Value.SimpleValue, 1e-5);

        string settings = values.Single(entry => entry.Value.Tag.StartsWith("settings", StringComparison.Ordinal)).Value.Tensor.StringVal[0].ToStringUtf8();
        Assert.Contains("| method | lora |", settings);
        Assert.Contains("| rank | 2 |", settings);
        Assert.Contains("| rate | 0.001 |", settings);

        IEnumerable<(long Step, Summary.Types.Value Value)> Of(string tag) => values.Where(entry => entry.Value.Tag == tag);
    }

    /// <summary>The records of an event file: a length of 8 bytes, its checksum of 4, the event, its checksum of 4.</summary>
    private static IEnumerable<Event> Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        for (int place = 0; place < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(place));
            yield return Event.Parser.ParseFrom(bytes, place + 12, length);
            place += length + 16;
        }
    }
}

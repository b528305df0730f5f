using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Lorta.ML;
using Lorta.ML.Tests.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.ML;

namespace Serving.Tests;

public sealed class ServingTests(TinyBase tiny) : IClassFixture<TinyBase>, IDisposable
{
    private const int Clients = 64;
    private const int Adapters = 50;

    // Longer runs are for measuring: LORTA_SERVING_SECONDS=60.
    private static readonly TimeSpan Duration =
        TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("LORTA_SERVING_SECONDS") ?? "2", System.Globalization.CultureInfo.InvariantCulture));

    private readonly MLContext _mlContext = new(1);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lorta-serving-");
    private readonly Opinion[] _rows = Opinion.Rows(100, seed: 4);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ManyClientsOfManyAdaptersGetRightAnswers()
    {
        string baseModel = Environment.GetEnvironmentVariable("LORTA_SERVING_BASE") ?? tiny.Folder;
        Dictionary<string, float[][]> expected = Enumerable.Range(0, Adapters).ToDictionary(seed => $"adapter-{seed:00}", seed => Train(baseModel, seed));
        await using WebApplication app = ServingApp.Create(["--models", _folder.FullName, "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning"]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        Assert.Equal("Healthy", await client.GetStringAsync("health", TestContext.Current.CancellationToken));
        Assert.Equal(expected.Keys, await client.GetFromJsonAsync<string[]>("models", TestContext.Current.CancellationToken));

        var latencies = new ConcurrentBag<double>();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        long warm = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            while (clock.Elapsed < Duration)
            {
                (string name, float[][] scores) = expected.ElementAt(random.Next(Adapters));
                int row = random.Next(_rows.Length);
                TimeSpan start = clock.Elapsed;
                Prediction prediction = await Ask(client, name, _rows[row].Text);
                latencies.Add((clock.Elapsed - start).TotalMilliseconds);
                Assert.Equal(scores[row], prediction.Scores.Values, (x, y) => Math.Abs(x - y) < 1e-5);
                Assert.Equal(prediction.Scores.MaxBy(score => score.Value).Key, prediction.Label);
                if (clock.Elapsed > Duration / 3)
                {
                    Interlocked.CompareExchange(ref warm, Environment.WorkingSet, 0);
                }
            }
        })));

        processor = Environment.CpuUsage.TotalTime - processor;
        long grown = Environment.WorkingSet - warm;
        double[] sorted = [.. latencies.Order()];
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{sorted.Length / clock.Elapsed.TotalSeconds:0} requests/s, median {sorted[sorted.Length / 2]:0.0} ms, 99 % {sorted[sorted.Length * 99 / 100]:0.0} ms, " +
            $"{processor.TotalMilliseconds / sorted.Length:0.0} ms of processor a request, memory {warm / 1e6:0} MB warm, {grown / 1e6:+0;-0} MB at the end");
        Assert.InRange(grown, long.MinValue, 100_000_000);

        string metrics = await client.GetStringAsync("metrics", TestContext.Current.CancellationToken);
        Assert.Contains("serving_requests_total{model=\"adapter-00\"}", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABadRequestGetsASentence()
    {
        Train(tiny.Folder, 0);
        await using WebApplication app = ServingApp.Create(["--models", _folder.FullName, "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default=Critical"]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Assert.Equal(HttpStatusCode.NotFound, await Status(client, "models/nobody/predict", new { text = "a" }));
        Assert.Equal(HttpStatusCode.BadRequest, await Status(client, "models/adapter-00/predict", new { second = "a" }));
        Assert.Equal(HttpStatusCode.OK, await Status(client, "models/adapter-00/predict", new { text = "" }));
    }

    [Fact]
    public void AFolderWithoutModelsIsRefused()
    {
        Assert.Contains(_folder.FullName, Assert.Throws<ServingException>(() => ServingApp.Create(["--models", _folder.FullName])).Message, StringComparison.Ordinal);
        string path = Path.Combine(_folder.FullName, "broken.zip");
        File.WriteAllText(path, "no zip");
        Assert.Contains(path, Assert.Throws<ServingException>(() => ServingApp.Create(["--models", _folder.FullName])).Message, StringComparison.Ordinal);
    }

    /// <summary>Saves an adapter, and gives the scores of all rows without the service.</summary>
    private float[][] Train(string baseModel, int seed)
    {
        var options = new LortaFineTuneOptions { BaseModel = baseModel, MaxLength = 16, Epochs = 2, Rank = 2, Seed = seed };
        using LortaTransformer model = _mlContext.Transforms.LortaFineTune(options).Fit(_mlContext.Data.LoadFromEnumerable(Opinion.Rows(30, seed)));
        _mlContext.Model.Save(model, null, Path.Combine(_folder.FullName, $"adapter-{seed:00}.zip"));
        IDataView scored = model.Transform(_mlContext.Data.LoadFromEnumerable(_rows));
        return [.. _mlContext.Data.CreateEnumerable<Scores>(scored, reuseRowObject: false).Select(row => row.Score)];
    }

    private static async Task<Prediction> Ask(HttpClient client, string model, string text)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync($"models/{model}/predict", new { text });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<Prediction>())!;
    }

    private static async Task<HttpStatusCode> Status(HttpClient client, string path, object body)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(path, body);
        return response.StatusCode;
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}

using System.Text;
using Lorta.Checkpoints;
using Lorta.Checkpoints.Hub;
using TorchSharp;

namespace Lorta.Tests.Checkpoints.Hub;

public sealed class HubClientTests
{
    private const string Weights = "model.safetensors";

    [Fact]
    public async Task FetchesWhatIsNeededIntoTheSharedLayout()
    {
        using LoopbackHub hub = new();
        string folder = await hub.FetchAsync();
        Assert.Equal(Path.Combine(hub.ModelFolder, "snapshots", hub.Commit), folder);
        Assert.Equal(["config.json", Weights, "vocab.txt"], Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order());
        Assert.Equal(hub.Commit, File.ReadAllText(Path.Combine(hub.ModelFolder, "refs", "main")));
        foreach (string name in (string[])["config.json", Weights, "vocab.txt"])
        {
            string path = Path.Combine(folder, name);
            Assert.Equal(hub.Files[name], File.ReadAllBytes(path));
            Assert.Equal(Path.Combine("..", "..", "blobs", hub.ETag(name)), new FileInfo(path).LinkTarget);
        }

        Assert.Equal(3, Directory.GetFiles(Path.Combine(hub.ModelFolder, "blobs")).Length);
        using PretrainedFolder model = PretrainedFolder.Open(folder);
        using torch.Tensor weight = model.Map("weight");
        Assert.Equal(4000, weight.sum().ToInt32());
    }

    [Fact]
    public async Task SecondFetchOnlyAsksForTheCommit()
    {
        using LoopbackHub hub = new();
        await hub.FetchAsync();
        int before = hub.Server.Requests.Count;
        await hub.FetchAsync();
        Assert.Equal($"/api/models/{LoopbackHub.Repository}/revision/main", Assert.Single(hub.Server.Requests.Skip(before)).Path);
    }

    [Fact]
    public async Task NewCommitFetchesOnlyChangedBlobs()
    {
        using LoopbackHub hub = new();
        string old = await hub.FetchAsync();
        hub.Commit = new string('b', 40);
        hub.Files["config.json"] = """{"model_type": "roberta"}"""u8.ToArray();
        string current = await hub.FetchAsync();
        Assert.NotEqual(old, current);
        Assert.Equal(hub.Files["config.json"], File.ReadAllBytes(Path.Combine(current, "config.json")));
        Assert.Contains("bert", File.ReadAllText(Path.Combine(old, "config.json")));
        Assert.Single(hub.Downloads(Weights));
        Assert.Equal(2, hub.Downloads("config.json").Count());
    }

    [Fact]
    public async Task UsesWhatPythonLeftWithoutTheHub()
    {
        using LoopbackHub hub = new();
        string folder = WriteAsPythonDoes(hub, "main");
        hub.Options = hub.Options with { Offline = true };
        Assert.Equal(folder, await hub.FetchAsync());
        Assert.Equal(folder, await hub.FetchAsync($"{LoopbackHub.Repository}@{hub.Commit}"));
        Assert.Empty(hub.Server.Requests);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task UsesTheCacheWhereTheHubFails(int status)
    {
        using LoopbackHub hub = new();
        string folder = WriteAsPythonDoes(hub, "main");
        hub.Server.Respond = _ => new Answer(status, []);
        Assert.Equal(folder, await hub.FetchAsync());
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task UsesTheCacheWhereNothingListens()
    {
        using LoopbackHub hub = new();
        string folder = WriteAsPythonDoes(hub, "main");
        hub.Server.Dispose();
        Assert.Equal(folder, await hub.FetchAsync());
    }

    [Fact]
    public async Task AddsWhatTheCacheLacks()
    {
        using LoopbackHub hub = new();
        string folder = WriteAsPythonDoes(hub, "main");
        File.Delete(Path.Combine(folder, "vocab.txt"));
        await hub.FetchAsync();
        Assert.Equal(hub.Files["vocab.txt"], File.ReadAllBytes(Path.Combine(folder, "vocab.txt")));
        Assert.Empty(hub.Downloads(Weights));
    }

    [Fact]
    public async Task OfflineWithoutTheModelIsRefused()
    {
        using LoopbackHub hub = new();
        hub.Options = hub.Options with { Offline = true };
        Assert.Contains("HF_HUB_OFFLINE", await RefusalAsync(hub));
        Assert.Empty(hub.Server.Requests);
    }

    [Fact]
    public async Task NamesRevisionsAsPythonDoes()
    {
        using LoopbackHub hub = new();
        await hub.FetchAsync($"{LoopbackHub.Repository}@refs/pr/7");
        Assert.Equal($"/api/models/{LoopbackHub.Repository}/revision/refs%2Fpr%2F7", hub.Server.Requests[0].Path);
        Assert.Equal(hub.Commit, File.ReadAllText(Path.Combine(hub.ModelFolder, "refs", "refs", "pr", "7")));
        await hub.FetchAsync($"{LoopbackHub.Repository}@{hub.Commit}");
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(hub.ModelFolder, "refs")));
    }

    [Fact]
    public async Task FetchesShards()
    {
        using LoopbackHub hub = new();
        hub.Files.Remove(Weights);
        hub.Files["model.safetensors.index.json"] = """{"weight_map": {"weight": "model-1.safetensors"}}"""u8.ToArray();
        hub.Files["model-1.safetensors"] = LoopbackHub.Safetensors(1);
        hub.Files["model-2.safetensors"] = LoopbackHub.Safetensors(2);
        using PretrainedFolder model = PretrainedFolder.Open(await hub.FetchAsync());
        Assert.Equal(["weight"], model.TensorNames);
        Assert.Empty(hub.Downloads("model-2.safetensors"));
    }

    [Theory]
    [InlineData("""{"weight_map": {"weight": "../../../../evil.safetensors"}}""", "evil.safetensors")]
    [InlineData("""{"weight_map": {"weight": "absent.safetensors"}}""", "absent.safetensors")]
    [InlineData("""{}""", "weight_map")]
    public async Task RefusesBrokenIndex(string index, string expected)
    {
        using LoopbackHub hub = new();
        hub.Files.Remove(Weights);
        hub.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes(index);
        Assert.Contains(expected, await RefusalAsync(hub));
    }

    [Fact]
    public async Task GoesOnWhereTheConnectionWasCut()
    {
        using LoopbackHub hub = new();
        hub.OnDownload(Weights, (request, _) => hub.Serve(request, Weights) with { CutAfter = 500 });
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.Equal(Enumerable.Range(0, 9).Select(i => i * 500), hub.Downloads(Weights).Select(request => request.From));
    }

    [Fact]
    public async Task StartsAgainWhereTheServerHasNoRanges()
    {
        using LoopbackHub hub = new();
        hub.OnDownload(Weights, (request, count) => hub.Serve(request with { Headers = new Dictionary<string, string>() }, Weights) with { CutAfter = count == 0 ? 500 : null });
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
    }

    [Fact]
    public async Task GivesUpWhereNoTryGetsFurther()
    {
        using LoopbackHub hub = new();
        hub.OnDownload(Weights, (request, _) => hub.Serve(request with { Headers = new Dictionary<string, string>() }, Weights) with { CutAfter = 500 });
        Assert.Contains($"{LoopbackHub.Repository} cannot be downloaded", await RefusalAsync(hub));
        Assert.Equal(hub.Options.Retries + 1, hub.Downloads(Weights).Count());
        AssertNoModel(hub);
    }

    [Fact]
    public async Task GoesOnAfterAStall()
    {
        using LoopbackHub hub = new();
        hub.Options = hub.Options with { Timeout = TimeSpan.FromSeconds(2) };
        hub.OnDownload(Weights, (request, count) => hub.Serve(request, Weights) with { StallAfter = count == 0 ? 700 : null });
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.Equal([0, 700], hub.Downloads(Weights).Select(request => request.From));
    }

    [Fact]
    public async Task GivesUpOnASilentHub()
    {
        using LoopbackHub hub = new();
        hub.Options = hub.Options with { Timeout = TimeSpan.FromMilliseconds(100), Retries = 1 };
        hub.Server.Respond = request => hub.Default(request) with { StallAfter = 5 };
        Assert.Contains("sent nothing for 0.1 seconds", await RefusalAsync(hub));
    }

    [Fact]
    public async Task InterruptedDownloadGoesOnInTheNextProcess()
    {
        using LoopbackHub hub = new();
        hub.OnDownload(Weights, (request, count) => hub.Serve(request, Weights) with { StallAfter = count == 0 ? 1000 : null });
        using CancellationTokenSource interrupt = new();
        using (HubClient client = new(hub.Options))
        {
            client.Progress += progress =>
            {
                if (progress.Bytes == 1000)
                {
                    interrupt.Cancel();
                }
            };
            Assert.True(HubModelId.TryParse(LoopbackHub.Repository, out HubModelId id));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.FetchAsync(id, interrupt.Token));
        }

        AssertNoModel(hub);
        await hub.FetchAsync();
        Assert.Equal([0, 1000], hub.Downloads(Weights).Select(request => request.From));
    }

    [Fact]
    public async Task ReportsProgress()
    {
        using LoopbackHub hub = new();
        using HubClient client = new(hub.Options);
        List<HubProgress> reports = [];
        client.Progress += reports.Add;
        Assert.True(HubModelId.TryParse(LoopbackHub.Repository, out HubModelId id));
        await client.FetchAsync(id, TestContext.Current.CancellationToken);
        foreach (IGrouping<string, HubProgress> file in reports.GroupBy(report => report.FileName))
        {
            Assert.Equal(file.Select(report => report.Bytes).Order(), file.Select(report => report.Bytes));
            Assert.Equal(new HubProgress(file.Key, hub.Files[file.Key].Length, hub.Files[file.Key].Length), file.Last());
        }

        Assert.Equal(["config.json", Weights, "vocab.txt"], reports.Select(report => report.FileName).Distinct().Order());
    }

    [Theory]
    [InlineData("a longer file claimed", "ended after")]
    [InlineData("a longer file sent", "sent more than")]
    [InlineData("an empty answer claimed", "ended after 0 of")]
    [InlineData("other content of the same length", "SHA-256")]
    [InlineData("a range that was not asked for", "answered 206")]
    public async Task LyingServerLeavesNoModel(string lie, string expected)
    {
        using LoopbackHub hub = new();
        byte[] other = LoopbackHub.Safetensors(9);
        Answer Describe(Request request, int size)
        {
            Answer answer = hub.Default(request);
            answer.Headers["X-Linked-Size"] = $"{size}";
            return answer;
        }

        hub.Server.Respond = request => (lie, request.Method, request.Path.EndsWith($"/{Weights}", StringComparison.Ordinal)) switch
        {
            ("a longer file claimed", "HEAD", true) => Describe(request, 5000),
            ("a longer file sent", "HEAD", true) => Describe(request, 3000),
            ("an empty answer claimed", "GET", true) => hub.Default(request) with { ClaimedLength = 0 },
            ("other content of the same length", "GET", true) => new Answer(200, other),
            ("a range that was not asked for", "GET", true) => new Answer(206, other[7..]) { Headers = { ["Content-Range"] = $"bytes 7-{other.Length - 1}/{other.Length}" } },
            _ => hub.Default(request),
        };
        Assert.Contains(expected, await RefusalAsync(hub));
        AssertNoModel(hub);
    }

    [Fact]
    public async Task WholeFileIsTakenWhateverLengthTheAnswerClaims()
    {
        using LoopbackHub hub = new();
        hub.OnDownload(Weights, (request, _) => hub.Serve(request, Weights) with { ClaimedLength = 100_000_000_000 });
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
    }

    [Fact]
    public async Task FollowsRedirectsAndKeepsTheTokenAtHome()
    {
        using LoopbackHub hub = new();
        using LoopbackServer storage = new();
        hub.Options = hub.Options with { Token = "hf_secret" };
        storage.Respond = request => hub.Serve(request, Weights);
        hub.Server.Respond = request => request.Path switch
        {
            _ when request.Path.EndsWith($"/resolve/{hub.Commit}/{Weights}", StringComparison.Ordinal) => new Answer(302, [])
            {
                Headers =
                {
                    ["Location"] = $"{storage.Address}signed?key=1",
                    ["X-Linked-Etag"] = $"\"{hub.ETag(Weights)}\"",
                    ["X-Linked-Size"] = $"{hub.Files[Weights].Length}",
                },
            },
            _ when request.Path.EndsWith("/config.json", StringComparison.Ordinal) => new Answer(307, []) { Headers = { ["Location"] = "/elsewhere/config.json-moved" } },
            "/elsewhere/config.json-moved" => hub.Serve(request, "config.json"),
            _ => hub.Default(request),
        };
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
        Assert.Equal(hub.Files["config.json"], File.ReadAllBytes(Path.Combine(folder, "config.json")));
        Request stored = Assert.Single(storage.Requests);
        Assert.Equal("/signed?key=1", stored.Path);
        Assert.Null(stored.Header("authorization"));
        Assert.All(hub.Server.Requests, request => Assert.Equal("Bearer hf_secret", request.Header("authorization")));
    }

    [Fact]
    public async Task RefusesEndlessAndOddRedirects()
    {
        using LoopbackHub hub = new();
        hub.Server.Respond = request => new Answer(302, []) { Headers = { ["Location"] = request.Path } };
        Assert.Contains("redirected more than 5 times", await RefusalAsync(hub));
        hub.Server.Respond = request => new Answer(302, []) { Headers = { ["Location"] = "file:///etc/passwd" } };
        Assert.Contains("file:///etc/passwd", await RefusalAsync(hub));
    }

    [Theory]
    [InlineData(401, null, null, "set HF_TOKEN")]
    [InlineData(401, null, "hf_bad", "use another token")]
    [InlineData(403, "GatedRepo", null, "is gated")]
    [InlineData(404, null, null, "check the name")]
    [InlineData(404, "RevisionNotFound", null, "no revision 'main'")]
    [InlineData(418, null, null, "answered with 418")]
    public async Task NamesWhatTheHubRefusesAndDoesNotRetry(int status, string? code, string? token, string expected)
    {
        using LoopbackHub hub = new();
        hub.Options = hub.Options with { Token = token };
        hub.Server.Respond = _ => new Answer(status, []) { Headers = code is null ? [] : new() { ["X-Error-Code"] = code } };
        string message = await RefusalAsync(hub);
        Assert.Contains(expected, message);
        Assert.Contains(LoopbackHub.Repository, message);
        Assert.Single(hub.Server.Requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task RetriesWhatMayPass(int status)
    {
        using LoopbackHub hub = new();
        // Only the server's own Retry-After ends the wait before the test does.
        hub.Options = hub.Options with { BackOff = TimeSpan.FromHours(1), MaxBackOff = TimeSpan.FromHours(1) };
        int failures = 0;
        hub.Server.Respond = request => failures++ % 2 == 0 ? new Answer(status, []) { Headers = { ["Retry-After"] = "0" } } : hub.Default(request);
        string folder = await hub.FetchAsync();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(folder, Weights)));
    }

    [Fact]
    public async Task WaitsNoLongerThanTheLimit()
    {
        using LoopbackHub hub = new();
        hub.Options = hub.Options with { MaxBackOff = TimeSpan.FromMilliseconds(10) };
        hub.Server.Respond = _ => new Answer(429, []) { Headers = { ["Retry-After"] = "3600" } };
        Assert.Contains("answered 429", await RefusalAsync(hub));
        Assert.Equal(hub.Options.Retries + 1, hub.Server.Requests.Count);
    }

    [Theory]
    [InlineData("\"../../evil\"")]
    [InlineData("\"\"")]
    [InlineData("\"..\"")]
    [InlineData(null)]
    public async Task RefusesETagsThatAreNoFileNames(string? etag)
    {
        using LoopbackHub hub = new();
        hub.Server.Respond = request =>
        {
            Answer answer = hub.Default(request);
            answer.Headers.Remove("X-Linked-Etag");
            answer.Headers.Remove("ETag");
            if (etag is not null)
            {
                answer.Headers["X-Linked-Etag"] = etag;
            }

            return answer;
        };
        Assert.Contains("no ETag that can be used", await RefusalAsync(hub));
    }

    [Theory]
    [InlineData("""<html>not a hub</html>""")]
    [InlineData("""[]""")]
    [InlineData("""{"sha": null, "siblings": []}""")]
    [InlineData("""{"sha": "../../evil", "siblings": []}""")]
    [InlineData("""{"sha": "aaaa", "siblings": [{"name": 1}]}""")]
    public async Task RefusesListingsThatAreNone(string body)
    {
        using LoopbackHub hub = new();
        hub.Server.Respond = _ => new Answer(200, Encoding.UTF8.GetBytes(body));
        Assert.Contains("did not answer with a list of files", await RefusalAsync(hub));
    }

    [Fact]
    public async Task RefusesPicklesByName()
    {
        using LoopbackHub hub = new();
        hub.Files.Remove(Weights);
        Assert.Contains("pytorch_model.bin, a pickle", await RefusalAsync(hub));
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task ClientsAtTheSameTimeDownloadOnce()
    {
        using LoopbackHub hub = new();
        string[] folders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => hub.FetchAsync()));
        Assert.Single(folders.Distinct());
        Assert.All((string[])["config.json", Weights, "vocab.txt"], name => Assert.Single(hub.Downloads(name)));
    }

    [Fact]
    public async Task WaitsForAnotherProcessThatHoldsTheLock()
    {
        using LoopbackHub hub = new();
        string locks = Path.Combine(hub.Options.CacheFolder, ".locks", "models--owner--tiny");
        Directory.CreateDirectory(locks);
        FileStream held = new(Path.Combine(locks, $"{hub.ETag(Weights)}.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Task<string> fetch = hub.FetchAsync();
        while (!hub.Server.Requests.Any(request => request.Method == "HEAD" && request.Path.EndsWith(Weights, StringComparison.Ordinal)))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(fetch.IsCompleted);
        Assert.Empty(hub.Downloads(Weights));
        // The other one finishes: its blob is used.
        File.WriteAllBytes(Path.Combine(hub.ModelFolder, "blobs", hub.ETag(Weights)), hub.Files[Weights]);
        held.Dispose();
        Assert.Equal(hub.Files[Weights], File.ReadAllBytes(Path.Combine(await fetch, Weights)));
        Assert.Empty(hub.Downloads(Weights));
    }

    [Fact]
    public async Task CacheThatCannotBeWrittenIsNamed()
    {
        using LoopbackHub hub = new();
        Directory.CreateDirectory(Path.GetDirectoryName(hub.Options.CacheFolder)!);
        File.WriteAllText(hub.Options.CacheFolder, "a file in the way");
        Assert.Contains(hub.Options.CacheFolder, await RefusalAsync(hub));
    }

    private static async Task<string> RefusalAsync(LoopbackHub hub) =>
        (await Assert.ThrowsAsync<CheckpointException>(() => hub.FetchAsync())).Message;

    private static void AssertNoModel(LoopbackHub hub)
    {
        Assert.False(File.Exists(Path.Combine(hub.ModelFolder, "refs", "main")));
        Assert.False(File.Exists(Path.Combine(hub.ModelFolder, "blobs", hub.ETag(Weights))));
        Assert.False(Path.Exists(Path.Combine(hub.ModelFolder, "snapshots", hub.Commit, Weights)));
    }

    private static string WriteAsPythonDoes(LoopbackHub hub, string revision)
    {
        string snapshot = Path.Combine(hub.ModelFolder, "snapshots", hub.Commit);
        foreach (string folder in (string[])["blobs", "refs", Path.Combine("snapshots", hub.Commit)])
        {
            Directory.CreateDirectory(Path.Combine(hub.ModelFolder, folder));
        }

        foreach (string name in (string[])["config.json", Weights, "vocab.txt"])
        {
            File.WriteAllBytes(Path.Combine(hub.ModelFolder, "blobs", hub.ETag(name)), hub.Files[name]);
            File.CreateSymbolicLink(Path.Combine(snapshot, name), Path.Combine("..", "..", "blobs", hub.ETag(name)));
        }

        File.WriteAllText(Path.Combine(hub.ModelFolder, "refs", revision), hub.Commit);
        return snapshot;
    }
}

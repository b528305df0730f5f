using System.Security.Cryptography;
using System.Text.Json;
using Lorta.Checkpoints.Hub;

namespace Lorta.Tests.Checkpoints.Hub;

/// <summary>One model on a hub of our own, with a cache of its own to fetch it into.</summary>
internal sealed class LoopbackHub : IDisposable
{
    public const string Repository = "owner/tiny";

    private readonly TemporaryFolder _folder = new();

    public LoopbackHub()
    {
        Server.Respond = Default;
        Options = new HubOptions
        {
            Endpoint = Server.Address,
            CacheFolder = _folder["hub"],
            Timeout = TimeSpan.FromSeconds(20),
            Retries = 2,
            BackOff = TimeSpan.FromMilliseconds(1),
        };
    }

    public LoopbackServer Server { get; } = new();

    public HubOptions Options { get; set; }

    public string Commit { get; set; } = new('a', 40);

    public Dictionary<string, byte[]> Files { get; } = new()
    {
        ["config.json"] = """{"model_type": "bert"}"""u8.ToArray(),
        ["vocab.txt"] = "[PAD]\n[UNK]\n"u8.ToArray(),
        ["model.safetensors"] = Safetensors(1),
        ["pytorch_model.bin"] = [1],
        ["README.md"] = [2],
        ["onnx/model.onnx"] = [3],
    };

    public string ModelFolder => Path.Combine(Options.CacheFolder, "models--owner--tiny");

    /// <summary>A file of one tensor of 4000 equal bytes.</summary>
    public static byte[] Safetensors(byte value) => SafetensorsFileTests.FileOf(
        """{"weight":{"dtype":"U8","shape":[4000],"data_offsets":[0,4000]}}"""u8.ToArray(),
        [.. Enumerable.Repeat(value, 4000)]);

    public async Task<string> FetchAsync(string id = Repository)
    {
        Assert.True(HubModelId.TryParse(id, out HubModelId parsed));
        using HubClient client = new(Options);
        return await client.FetchAsync(parsed, TestContext.Current.CancellationToken);
    }

    public IEnumerable<Request> Downloads(string fileName) =>
        Server.Requests.Where(request => request.Method == "GET" && request.Path.EndsWith($"/{fileName}", StringComparison.Ordinal));

    public string ETag(string fileName) => IsLarge(fileName)
        ? Convert.ToHexStringLower(SHA256.HashData(Files[fileName]))
        : Convert.ToHexStringLower(SHA1.HashData(Files[fileName]));

    /// <summary>What the hub answers: the listing, a file's description, or the file from the byte asked for.</summary>
    public Answer Default(Request request)
    {
        if (request.Path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
        {
            return new Answer(200, JsonSerializer.SerializeToUtf8Bytes(new
            {
                sha = Commit,
                siblings = Files.Keys.Select(name => new { rfilename = name }),
            }));
        }

        string prefix = $"/{Repository}/resolve/{Commit}/";
        return request.Path.StartsWith(prefix, StringComparison.Ordinal) && Files.ContainsKey(request.Path[prefix.Length..])
            ? Serve(request, request.Path[prefix.Length..])
            : new Answer(404, []) { Headers = { ["X-Error-Code"] = "EntryNotFound" } };
    }

    public Answer Serve(Request request, string fileName)
    {
        byte[] body = Files[fileName];
        Dictionary<string, string> headers = new() { ["ETag"] = $"\"{ETag(fileName)}\"", ["X-Repo-Commit"] = Commit };
        if (IsLarge(fileName))
        {
            headers["X-Linked-Etag"] = $"\"{ETag(fileName)}\"";
            headers["X-Linked-Size"] = $"{body.Length}";
        }

        if (request.From == 0)
        {
            return new Answer(200, body) { Headers = headers };
        }

        headers["Content-Range"] = $"bytes {request.From}-{body.Length - 1}/{body.Length}";
        return request.From < body.Length
            ? new Answer(206, body[request.From..]) { Headers = headers }
            : new Answer(416, []) { Headers = { ["Content-Range"] = $"bytes */{body.Length}" } };
    }

    /// <summary>Answers the downloads of one file by <paramref name="respond"/>, which is told how many there were before.</summary>
    public void OnDownload(string fileName, Func<Request, int, Answer> respond)
    {
        int count = 0;
        Server.Respond = request => request.Method == "GET" && request.Path.EndsWith($"/{fileName}", StringComparison.Ordinal)
            ? respond(request, count++)
            : Default(request);
    }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }

    private static bool IsLarge(string fileName) => fileName.EndsWith(".safetensors", StringComparison.Ordinal);
}

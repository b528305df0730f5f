namespace Lorta.Checkpoints.Hub;

/// <summary>Where models come from and where they are kept. The defaults are those of the Hugging Face tools.</summary>
public sealed record HubOptions
{
    /// <summary>The hub's address. Environment: <c>HF_ENDPOINT</c>.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>The cache that all Hugging Face tools share. Environment: <c>HF_HUB_CACHE</c>, else <c>hub</c> in <c>HF_HOME</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The access token, sent to the endpoint only. Environment: <c>HF_TOKEN</c>, else the file that a login leaves in <c>HF_HOME</c>.</summary>
    public string? Token { get; init; }

    /// <summary>Whether only the cache may be used. Environment: <c>HF_HUB_OFFLINE</c>.</summary>
    public bool Offline { get; init; }

    /// <summary>The longest wait for an answer, and for the next bytes of a file. Environment: <c>HF_HUB_DOWNLOAD_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request that failed for a passing reason is made again before it counts as failed.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The wait before the first retry; each further one waits twice as long, or as long as the server asks.</summary>
    public TimeSpan BackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two tries.</summary>
    public TimeSpan MaxBackOff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The settings of this process's environment.</summary>
    /// <exception cref="CheckpointException">A variable's value cannot be used.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    internal static HubOptions From(Func<string, string?> variable)
    {
        string? Get(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
            {
                if (variable(name) is { } value && value.Trim() is { Length: > 0 } text)
                {
                    return text;
                }
            }

            return null;
        }

        string userFolder = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Expand(string path) => Environment.ExpandEnvironmentVariables(path.StartsWith('~') ? userFolder + path[1..] : path);

        string home = Expand(Get("HF_HOME") ?? Path.Combine(Get("XDG_CACHE_HOME") ?? Path.Combine(userFolder, ".cache"), "huggingface"));
        HubOptions options = new()
        {
            CacheFolder = Expand(Get("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Get("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? ReadToken(Expand(Get("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
            Offline = Get("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
        if (Get("HF_ENDPOINT") is { } endpoint)
        {
            options = options with { Endpoint = ParseEndpoint(endpoint) };
        }

        return Get("HF_HUB_DOWNLOAD_TIMEOUT") is { } timeout
            ? options with { Timeout = ParseSeconds("HF_HUB_DOWNLOAD_TIMEOUT", timeout) }
            : options;
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The access token in {path} cannot be read: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint!
            : throw new CheckpointException($"HF_ENDPOINT is '{text}', and must be an address that begins with http:// or https://.");

    private static TimeSpan ParseSeconds(string name, string text) =>
        int.TryParse(text, out int seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new CheckpointException($"{name} is '{text}', and must be a whole number of seconds above 0.");
}

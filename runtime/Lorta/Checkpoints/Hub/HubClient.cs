using System.Text.Json;
using System.Text.RegularExpressions;

namespace Lorta.Checkpoints.Hub;

/// <summary>
/// Fetches models as the Hugging Face tools do, into the same cache: what one of them has downloaded is used in place.
/// </summary>
public sealed partial class HubClient : IDisposable
{
    private const int MaxListingBytes = 64 << 20;

    private readonly HubOptions _options;
    private readonly HubConnection _connection;

    /// <summary>A client with settings of its own.</summary>
    /// <param name="options">The settings, usually <see cref="HubOptions.FromEnvironment"/>.</param>
    public HubClient(HubOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _connection = new HubConnection(options);
    }

    /// <summary>Raised when a download begins and whenever bytes have come, on the thread that received them.</summary>
    public event Action<HubProgress>? Progress;

    /// <summary>
    /// Makes sure that a model's configuration, tokenizer files and safetensors lie in the cache. The hub is asked which
    /// commit the revision is; only what the cache lacks of it is downloaded. Where the hub cannot be reached, the commit
    /// that the cache has is used.
    /// </summary>
    /// <param name="id">The model and its revision.</param>
    /// <param name="cancellation">Stops the download; what has come stays, and the next call goes on there.</param>
    /// <returns>The folder of the commit's files, for <see cref="PretrainedFolder.Open"/>.</returns>
    /// <exception cref="CheckpointException">The model does not exist, may not be read, has no safetensors, or cannot be downloaded.</exception>
    public async Task<string> FetchAsync(HubModelId id, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        HubCache cache = new(_options.CacheFolder, id);
        string? cached = cache.FindComplete(id);
        if (_options.Offline)
        {
            return cached ?? throw new CheckpointException(
                $"{id} is not in {_options.CacheFolder}, or not whole, and HF_HUB_OFFLINE forbids downloading it: unset that, or give a model's folder.");
        }

        try
        {
            // Who has the model need not wait for a hub that does not answer.
            int retries = cached is null ? _options.Retries : 0;
            return await DownloadAsync(id, cache, retries, cancellation).ConfigureAwait(false);
        }
        catch (HubUnavailableException error)
        {
            return cached ?? throw new CheckpointException($"{id} cannot be downloaded: {error.Message}; try again, or give a model's folder.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{id} cannot be kept in {_options.CacheFolder}: {error.Message.TrimEnd('.')}; set HF_HUB_CACHE to another folder.", error);
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _connection.Dispose();

    private async Task<string> DownloadAsync(HubModelId id, HubCache cache, int retries, CancellationToken cancellation)
    {
        (string commit, IReadOnlySet<string> available) = await RetryAsync(() => ListAsync(id, cancellation), retries, cancellation).ConfigureAwait(false);
        IReadOnlyList<string> names = ModelFiles.Select(id, available);
        foreach (string name in names)
        {
            await EnsureAsync(id, cache, commit, name, cancellation).ConfigureAwait(false);
        }

        if (names.Contains(PretrainedFolder.IndexName))
        {
            foreach (string shard in ModelFiles.Shards(cache.Snapshot(commit)))
            {
                await EnsureAsync(id, cache, commit, shard, cancellation).ConfigureAwait(false);
            }
        }

        // Last, so that the name of a revision never leads to half a model.
        cache.StoreCommit(id, commit);
        return cache.Snapshot(commit);
    }

    private async Task EnsureAsync(HubModelId id, HubCache cache, string commit, string name, CancellationToken cancellation)
    {
        if (File.Exists(Path.Combine(cache.Snapshot(commit), name)))
        {
            return;
        }

        HubFile file = await RetryAsync(() => DescribeAsync(id, commit, name, cancellation), _options.Retries, cancellation).ConfigureAwait(false);
        using IDisposable held = await cache.LockAsync(file.ETag, cancellation).ConfigureAwait(false);
        string blob = cache.Blob(file.ETag);
        if (!File.Exists(blob))
        {
            HubDownload download = new(_connection, id, file, blob, progress => Progress?.Invoke(progress));
            await RetryAsync(() => download.TryAsync(cancellation), () => download.Reached, _options.Retries, cancellation).ConfigureAwait(false);
        }

        cache.Link(file.ETag, commit, name);
    }

    private async Task<(string Commit, IReadOnlySet<string> Files)> ListAsync(HubModelId id, CancellationToken cancellation)
    {
        Uri address = _connection.ListingAddress(id);
        using HttpResponseMessage response = await _connection.SendAsync(id, HttpMethod.Get, address, from: 0, toStorage: true, cancellation).ConfigureAwait(false);
        byte[] json = await _connection.ReceiveAsync(
            async limit =>
            {
                await response.Content.LoadIntoBufferAsync(MaxListingBytes, limit).ConfigureAwait(false);
                return await response.Content.ReadAsByteArrayAsync(limit).ConfigureAwait(false);
            },
            address,
            cancellation).ConfigureAwait(false);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            string commit = document.RootElement.GetProperty("sha").GetString()!;
            HashSet<string> files = [.. document.RootElement.GetProperty("siblings").EnumerateArray().Select(file => file.GetProperty("rfilename").GetString()!)];
            return SafeNamePattern().IsMatch(commit) ? (commit, files) : throw new FormatException();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentNullException)
        {
            throw new CheckpointException($"{address} did not answer with a list of files: check HF_ENDPOINT.", error);
        }
    }

    private async Task<HubFile> DescribeAsync(HubModelId id, string commit, string name, CancellationToken cancellation)
    {
        Uri address = _connection.Address(id, commit, name);
        using HttpResponseMessage response = await _connection.SendAsync(id, HttpMethod.Head, address, from: 0, toStorage: false, cancellation).ConfigureAwait(false);
        string? Header(string header) => response.Headers.TryGetValues(header, out IEnumerable<string>? values) ? values.First() : null;

        string? etag = Header("X-Linked-Etag") ?? response.Headers.ETag?.Tag;
        etag = etag?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        // It becomes a file's name.
        if (etag is null || !SafeNamePattern().IsMatch(etag))
        {
            throw new CheckpointException($"{address} has no ETag that can be used, so the cache cannot hold it: check HF_ENDPOINT.");
        }

        return new HubFile(
            name,
            address,
            etag,
            long.TryParse(Header("X-Linked-Size"), out long size) ? size : response.IsSuccessStatusCode ? response.Content.Headers.ContentLength : null);
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> attempt, int retries, CancellationToken cancellation)
    {
        T result = default!;
        await RetryAsync(async () => result = await attempt().ConfigureAwait(false), () => 0, retries, cancellation).ConfigureAwait(false);
        return result;
    }

    /// <summary>Tries until it works, or until the retries are spent since the last progress.</summary>
    private async Task RetryAsync(Func<Task> attempt, Func<long> reached, int retries, CancellationToken cancellation)
    {
        long before = 0;
        for (int failures = 0; ;)
        {
            try
            {
                await attempt().ConfigureAwait(false);
                return;
            }
            catch (HubUnavailableException error)
            {
                failures = reached() > before ? 1 : failures + 1;
                before = reached();
                if (failures > retries)
                {
                    throw;
                }

                await Task.Delay(Delay(failures, error.RetryAfter), cancellation).ConfigureAwait(false);
            }
        }
    }

    private TimeSpan Delay(int failures, TimeSpan? asked)
    {
        TimeSpan delay = asked ?? _options.BackOff * Math.Pow(2, failures - 1);
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay > _options.MaxBackOff ? _options.MaxBackOff : delay;
    }

    [GeneratedRegex(@"\A[0-9A-Za-z_-][0-9A-Za-z._-]{0,199}\z")]
    private static partial Regex SafeNamePattern();
}

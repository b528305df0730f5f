using System.Net;
using System.Net.Http.Headers;

namespace Lorta.Checkpoints.Hub;

/// <summary>Requests to the hub: access token, redirects, time limits, and errors that say what to change.</summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly HubOptions _options;

    // Redirects are followed here: the token must reach the hub's own other pages and nobody else, and the answer that
    // redirects to the storage is the one with the file's true ETag.
    private readonly HttpClient _client;

    public HubConnection(HubOptions options)
    {
        _options = options;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("Lorta/0.1");
        // Lengths and ranges count the bytes of the file itself.
        _client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    public Uri Address(HubModelId id, string revision, string fileName) =>
        new($"{Root}/{id.Repository}/resolve/{Uri.EscapeDataString(revision)}/{Uri.EscapeDataString(fileName)}");

    public Uri ListingAddress(HubModelId id) =>
        new($"{Root}/api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.Revision)}");

    private string Root => _options.Endpoint.AbsoluteUri.TrimEnd('/');

    /// <summary>Sends a request and follows redirects; answers that are errors are thrown.</summary>
    /// <param name="id">The model, for errors.</param>
    /// <param name="method">The method.</param>
    /// <param name="address">The address.</param>
    /// <param name="from">The first byte wanted, for a file of which a part is there.</param>
    /// <param name="toStorage">Whether to follow a redirect that leaves the hub, or to return the answer that has it.</param>
    /// <param name="cancellation">Stops the request.</param>
    /// <exception cref="HubUnavailableException">The hub is not reached, too slow, too busy, or has failed.</exception>
    /// <exception cref="CheckpointException">The hub refuses, or has no such thing.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HubModelId id, HttpMethod method, Uri address, long from, bool toStorage, CancellationToken cancellation)
    {
        for (int redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            HttpResponseMessage response = await SendOnceAsync(method, address, from, cancellation).ConfigureAwait(false);
            Uri? target = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location
                ? new Uri(address, location)
                : null;
            if (target is null || (!toStorage && !IsHub(target)))
            {
                return target is null && !response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable
                    ? throw ErrorOf(id, response, address)
                    : response;
            }

            response.Dispose();
            if (target.Scheme is not ("http" or "https"))
            {
                throw new CheckpointException($"{address} redirects to {target}, which is not fetched: check HF_ENDPOINT.");
            }

            address = target;
        }

        throw new CheckpointException($"{id} is redirected more than {MaxRedirects} times by {_options.Endpoint.Host}: check HF_ENDPOINT.");
    }

    /// <summary>Waits for a part of an answer, at most as long as the options allow.</summary>
    /// <exception cref="HubUnavailableException">The part does not come.</exception>
    public async Task<T> ReceiveAsync<T>(Func<CancellationToken, Task<T>> receive, Uri address, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_options.Timeout);
        try
        {
            return await receive(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new HubUnavailableException($"{address.Host} sent nothing for {_options.Timeout.TotalSeconds:0.#} seconds", innerException: error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HubUnavailableException($"the connection to {address.Host} failed: {error.Message.TrimEnd('.')}", innerException: error);
        }
    }

    public void Dispose() => _client.Dispose();

    private static HubUnavailableException Passing(HttpResponseMessage response, Uri address)
    {
        RetryConditionHeaderValue? retry = response.Headers.RetryAfter;
        return new HubUnavailableException(
            $"{address.Host} answered {(int)response.StatusCode}",
            retry?.Delta ?? (retry?.Date is { } date ? date - DateTimeOffset.UtcNow : null));
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, Uri address, long from, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, address);
        if (from > 0)
        {
            request.Headers.Range = new RangeHeaderValue(from, null);
        }

        if (_options.Token is { } token && IsHub(address))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await ReceiveAsync(limit => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit), address, cancellation).ConfigureAwait(false);
    }

    private bool IsHub(Uri address) =>
        Uri.Compare(address, _options.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private Exception ErrorOf(HubModelId id, HttpResponseMessage response, Uri address)
    {
        using (response)
        {
            string? code = response.Headers.TryGetValues("X-Error-Code", out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
            string login = _options.Token is null
                ? "set HF_TOKEN to an access token if it is private or gated"
                : "the access token does not open it, so ask for access on its page or use another token";
            return (int)response.StatusCode switch
            {
                408 or 429 or >= 500 => Passing(response, address),
                404 when code == "RevisionNotFound" => new CheckpointException($"The model {id.Repository} on {address.Host} has no revision '{id.Revision}': choose another."),
                404 when code == "EntryNotFound" => new CheckpointException($"{address} does not exist on the hub: choose another revision."),
                403 when code == "GatedRepo" => new CheckpointException($"The model {id} on {address.Host} is gated: accept its terms on its page, and {login}."),
                401 or 403 or 404 => new CheckpointException($"{address.Host} has no model {id} that can be read (answer {(int)response.StatusCode}): check the name, or give a folder's path, and {login}."),
                int status => new CheckpointException($"{address} was answered with {status}: check HF_ENDPOINT."),
            };
        }
    }
}

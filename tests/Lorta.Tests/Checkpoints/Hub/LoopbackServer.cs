using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Lorta.Tests.Checkpoints.Hub;

/// <summary>A request as it came: the header names are in lower case.</summary>
internal sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>The first byte that a Range header asks for; 0 without one.</summary>
    public int From => Header("range") is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture) : 0;
}

/// <summary>An answer, and how it misbehaves.</summary>
internal sealed record Answer(int Status, byte[] Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>The Content-Length to claim, where it is not the body's.</summary>
    public long? ClaimedLength { get; init; }

    /// <summary>Close the connection after so many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Send nothing more after so many bytes of the body, and keep the connection open.</summary>
    public int? StallAfter { get; init; }
}

/// <summary>An HTTP server on loopback that can break the protocol where a test wants it broken. One request a connection.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentQueue<Request> _requests = [];

    public LoopbackServer()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = AcceptAsync();
    }

    public Uri Address { get; }

    public Func<Request, Answer> Respond { get; set; } = _ => new Answer(404, []);

    public IReadOnlyList<Request> Requests => [.. _requests];

    public void Dispose()
    {
        _closing.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_closing.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient connection = client;
        try
        {
            NetworkStream stream = connection.GetStream();
            Request request = await ReadAsync(stream);
            _requests.Enqueue(request);
            await WriteAsync(stream, request, Respond(request));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The client went away, as clients do.
        }
    }

    private async Task<Request> ReadAsync(NetworkStream stream)
    {
        StringBuilder text = new();
        byte[] one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _closing.Token) == 1)
        {
            text.Append((char)one[0]);
        }

        string[] lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        return new Request(first[0], first[1], lines[1..]
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0].ToLowerInvariant(), pair => pair[1]));
    }

    private async Task WriteAsync(NetworkStream stream, Request request, Answer answer)
    {
        StringBuilder head = new($"HTTP/1.1 {answer.Status} X\r\nConnection: close\r\nContent-Length: {answer.ClaimedLength ?? answer.Body.Length}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _closing.Token);
        if (request.Method == "HEAD")
        {
            return;
        }

        int sent = Math.Min(answer.CutAfter ?? answer.StallAfter ?? int.MaxValue, answer.Body.Length);
        await stream.WriteAsync(answer.Body.AsMemory(0, sent), _closing.Token);
        if (answer.StallAfter is not null)
        {
            await Task.Delay(Timeout.Infinite, _closing.Token);
        }
    }
}

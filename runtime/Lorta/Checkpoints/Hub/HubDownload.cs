using System.Net;
using System.Security.Cryptography;

namespace Lorta.Checkpoints.Hub;

/// <summary>
/// The download of one blob into <c>ETAG.incomplete</c>. Every try goes on where the last one ended, also one of an earlier
/// process; size and, for large files, SHA-256 are checked before the blob gets its name.
/// </summary>
internal sealed class HubDownload(HubConnection connection, HubModelId id, HubFile file, string blob, Action<HubProgress> progress)
{
    private const int BufferSize = 1 << 16;
    private const int Sha256HexLength = 64;

    private readonly string _incomplete = $"{blob}.incomplete";

    /// <summary>The most bytes that any try has reached.</summary>
    public long Reached { get; private set; }

    /// <summary>Tries once.</summary>
    /// <exception cref="HubUnavailableException">The download ended early, or brought something else than promised.</exception>
    /// <exception cref="CheckpointException">The hub refuses, or the file cannot be written.</exception>
    public async Task TryAsync(CancellationToken cancellation)
    {
        try
        {
            using (FileStream target = new(_incomplete, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                await ReceiveAsync(target, cancellation).ConfigureAwait(false);
            }

            await CheckAsync(cancellation).ConfigureAwait(false);
            File.Move(_incomplete, blob, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{file.Name} of {id} cannot be written to {blob}: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private async Task ReceiveAsync(FileStream target, CancellationToken cancellation)
    {
        if (file.Size is { } size && target.Length > size)
        {
            target.SetLength(0);
        }

        if (target.Length > 0 && target.Length == file.Size)
        {
            return;
        }

        using HttpResponseMessage response = await connection.SendAsync(
            id, HttpMethod.Get, file.Address, target.Length, toStorage: true, cancellation).ConfigureAwait(false);
        Position(target, response);
        using Stream source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        byte[] buffer = new byte[BufferSize];
        while (true)
        {
            progress(new HubProgress(file.Name, target.Position, file.Size));
            int count = await connection.ReceiveAsync(
                limit => source.ReadAsync(buffer, limit).AsTask(), file.Address, cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            if (target.Position + count > file.Size)
            {
                target.SetLength(0);
                throw Broken($"sent more than the {file.Size} bytes that it has");
            }

            target.Write(buffer, 0, count);
            Reached = Math.Max(Reached, target.Position);
        }

        if (file.Size is { } expected && target.Length != expected)
        {
            throw Broken($"ended after {target.Length} of {expected} bytes");
        }
    }

    /// <summary>Goes on where the answer does: behind what is there, or at the start where the server has not heeded the range.</summary>
    private void Position(FileStream target, HttpResponseMessage response)
    {
        if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == target.Length)
        {
            target.Position = target.Length;
            return;
        }

        target.SetLength(0);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Broken($"answered {(int)response.StatusCode} to a request for its rest");
        }
    }

    private async Task CheckAsync(CancellationToken cancellation)
    {
        if (file.ETag.Length != Sha256HexLength || !file.ETag.All(char.IsAsciiHexDigit))
        {
            return;
        }

        byte[] hash;
        using (FileStream stream = File.OpenRead(_incomplete))
        {
            hash = await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false);
        }

        if (!Convert.ToHexStringLower(hash).Equals(file.ETag, StringComparison.OrdinalIgnoreCase))
        {
            File.Delete(_incomplete);
            throw Broken("does not have the SHA-256 that the hub names");
        }
    }

    private HubUnavailableException Broken(string what) => new($"the download of {file.Name} {what}");
}

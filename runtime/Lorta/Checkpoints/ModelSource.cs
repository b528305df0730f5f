using Lorta.Checkpoints.Hub;

namespace Lorta.Checkpoints;

/// <summary>Where a model is named by a folder or by a hub id, this finds its folder.</summary>
public static class ModelSource
{
    /// <summary>
    /// The folder of a model. A folder that exists is taken as it is; anything else that has the form of a hub id, such as
    /// <c>roberta-base</c>, <c>owner/name</c> or <c>owner/name@revision</c>, is fetched into the Hugging Face cache.
    /// </summary>
    /// <param name="pathOrId">A folder's path or a hub id.</param>
    /// <param name="options">The hub's settings; those of the environment where absent.</param>
    /// <param name="progress">Told of the bytes that come, where something is downloaded.</param>
    /// <param name="cancellation">Stops a download; what has come is kept for the next time.</param>
    /// <exception cref="CheckpointException">It is neither a folder nor a model that the hub gives.</exception>
    public static async Task<string> ResolveAsync(
        string pathOrId, HubOptions? options = null, Action<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pathOrId);
        if (Directory.Exists(pathOrId))
        {
            return pathOrId;
        }

        if (!HubModelId.TryParse(pathOrId, out HubModelId id))
        {
            throw new CheckpointException($"{pathOrId} is not a folder, nor a hub id such as roberta-base or owner/name: correct it.");
        }

        using HubClient client = new(options ?? HubOptions.FromEnvironment());
        client.Progress += progress;
        return await client.FetchAsync(id, cancellation).ConfigureAwait(false);
    }

    /// <summary>As <see cref="ResolveAsync"/>, for callers that wait.</summary>
    /// <param name="pathOrId">A folder's path or a hub id.</param>
    /// <param name="options">The hub's settings; those of the environment where absent.</param>
    /// <param name="progress">Told of the bytes that come, where something is downloaded.</param>
    /// <param name="cancellation">Stops a download; what has come is kept for the next time.</param>
    /// <exception cref="CheckpointException">It is neither a folder nor a model that the hub gives.</exception>
    public static string Resolve(
        string pathOrId, HubOptions? options = null, Action<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => ResolveAsync(pathOrId, options, progress, cancellation), cancellation).GetAwaiter().GetResult();
}

using Lorta.Checkpoints;

namespace Lorta.Adapters;

/// <summary>How PEFT's configurations name the modules of a model: by ends of their paths.</summary>
internal static class PeftModules
{
    /// <summary>The matrices that a configuration's <c>target_modules</c> names.</summary>
    /// <exception cref="CheckpointException">A name is that of no attention projection, or the names leave out some layers.</exception>
    public static AttentionMatrices Targets(AdapterSites sites, JsonFile config)
    {
        (ProjectionSite Site, string Path)[] paths = [.. sites.Projections.Select(site => (site, sites.PathOf(site.Projection)))];
        IReadOnlyList<string> targets = config.GetStrings("target_modules");
        if (targets.FirstOrDefault(target => !paths.Any(entry => PeftFolder.Matches(target, entry.Path))) is { } foreign)
        {
            throw new CheckpointException(
                $"{config.FilePath}: the target module '{foreign}' is no attention projection of the model, whose first layer has " +
                $"{string.Join(", ", paths.Where(entry => entry.Site.Layer == 0).Select(entry => entry.Path))}.");
        }

        AttentionMatrices matrices = AttentionMatrices.None;
        foreach ((ProjectionSite site, _) in paths.Where(entry => targets.Any(target => PeftFolder.Matches(target, entry.Path))))
        {
            matrices |= (AttentionMatrices)(1 << (int)site.Matrix);
        }

        return matrices;
    }

    /// <summary>The shortest ends of paths that name an adapter's modules and no others of the model.</summary>
    public static string[] Names(Adapter adapter)
    {
        HashSet<string> adapted = [.. adapter.AdaptedSites.Select(site => PathOf(adapter.Sites, site))];
        string[] others = [.. adapter.Sites.Model.named_modules().Select(entry => entry.name).Where(name => !adapted.Contains(name))];
        return [.. adapted.Select(ShortestEnd).Distinct()];

        string ShortestEnd(string path)
        {
            string[] parts = path.Split('.');
            return Enumerable.Range(1, parts.Length)
                .Select(count => string.Join('.', parts[^count..]))
                .First(end => !others.Any(other => PeftFolder.Matches(end, other)));
        }
    }

    /// <summary>The path of a matrix's module in the model.</summary>
    /// <exception cref="NotSupportedException">The module holds other matrices, too.</exception>
    public static string PathOf(AdapterSites sites, ProjectionSite site) => site.IsWhole
        ? sites.PathOf(site.Projection)
        : throw new NotSupportedException($"The {site.Matrix} matrix of layer {site.Layer} shares its module with others, for which PEFT has no adapter.");

    /// <summary>The module of a head that a parameter belongs to: the first name of its path, or the one after the encoder's.</summary>
    public static string HeadModule(AdapterSites sites, string parameter)
    {
        string[] parts = parameter.Split('.');
        return parts.Length > 2 && parts[0] == sites.PathOf(sites.Projections[0].Projection).Split('.')[0] ? parts[1] : parts[0];
    }
}

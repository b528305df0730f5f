using Lorta.Adapters;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Lorta.Generators.Tests;

/// <summary>
/// What every model class of these tests computes, written down once: x + P(attention(Qx, Kx, Vx)) in each layer, with
/// weights that have the dense update of LoRTA's definition added (section 3.2, entry by entry of layer and head).
/// </summary>
internal sealed class Definition(AdapterSites sites, LortaAdapter adapter)
{
    private readonly LortaOptions _options = adapter.Options;
    private readonly AttentionMatrix[] _targets = [.. Enum.GetValues<AttentionMatrix>().Where(matrix =>
        adapter.Options.Targets.HasFlag((AttentionMatrices)(1 << (int)matrix)) && sites.Projections.Any(site => site.Matrix == matrix))];

    public Tensor Forward(Tensor x)
    {
        AttentionLayout layout = sites.Layout;
        for (int layer = 0; layer < layout.Layers; layer++)
        {
            Tensor[] parts = [.. new[] { AttentionMatrix.Query, AttentionMatrix.Key, AttentionMatrix.Value }.Select(matrix => Apply(layer, matrix, x)!)];
            Tensor[] heads = [.. Enumerable.Range(0, layout.Heads).Select(head => Attend(parts, head))];
            Tensor context = cat(heads, -1); // [b, s, H * hw]
            x = x + (Apply(layer, AttentionMatrix.Output, context) ?? context);
        }

        return x;
    }

    public Tensor Delta(ProjectionSite site)
    {
        Tensor a = Pick(LortaFactor.A, site), b = Pick(LortaFactor.B, site);
        bool byHead = _options.Modes.HasFlag(LortaModes.Heads);
        int heads = byHead ? site.Matrix is AttentionMatrix.Key or AttentionMatrix.Value ? sites.Layout.KeyValueHeads : sites.Layout.Heads : 1;
        int rows = site.Matrix == AttentionMatrix.Output ? site.Columns : site.Rows;
        Tensor scale = ones(_options.Rank) * (_options.Alpha / (_options.RankStabilized ? Math.Sqrt(_options.Rank) : _options.Rank));
        if (_options.Modes.HasFlag(LortaModes.Layers))
        {
            Tensor factor = adapter.Factor(LortaFactor.Layer);
            scale = scale * (_options.Modes.HasFlag(LortaModes.Qkvp) ? factor[site.Layer] : factor[Index(site), site.Layer]);
        }

        if (_options.Modes.HasFlag(LortaModes.Qkvp))
        {
            Tensor factor = adapter.Factor(LortaFactor.Matrix);
            scale = scale * (_options.Modes.HasFlag(LortaModes.Layers) ? factor[Index(site)] : factor[site.Layer, Index(site)]);
        }

        Tensor[] blocks = [.. Enumerable.Range(0, heads).Select(head =>
        {
            Tensor c = byHead ? scale * Pick(LortaFactor.Head, site)[head] : scale;
            Tensor used = byHead ? b : b.narrow(0, 0, rows);
            return a.mm(diag(c)).mm(used.t()); // [d, hw]
        })];
        return site.Matrix == AttentionMatrix.Output ? cat(blocks, 1) : cat(blocks, 1).t(); // P [d, H * hw]; Q, K, V [H * hw, d]
    }

    private Tensor Attend(Tensor[] parts, int head)
    {
        AttentionLayout layout = sites.Layout;
        int group = head / (layout.Heads / layout.KeyValueHeads);
        Tensor q = parts[0].narrow(-1, head * layout.HeadWidth, layout.HeadWidth);
        Tensor k = parts[1].narrow(-1, group * layout.HeadWidth, layout.HeadWidth);
        Tensor v = parts[2].narrow(-1, group * layout.HeadWidth, layout.HeadWidth);
        return functional.softmax(q.matmul(k.transpose(1, 2)) / Math.Sqrt(layout.HeadWidth), -1).matmul(v); // [b, s, hw]
    }

    private Tensor? Apply(int layer, AttentionMatrix matrix, Tensor x)
    {
        if (sites.Projections.SingleOrDefault(site => site.Layer == layer && site.Matrix == matrix) is not { } site)
        {
            return null;
        }

        Tensor weight = site.Weight.detach();
        Tensor? bias = site.Projection is Linear { bias: { } all } ? all.detach().narrow(0, site.FirstRow, site.Rows) : null;
        return functional.linear(x, _targets.Contains(matrix) ? weight + Delta(site) : weight, bias);
    }

    private Tensor Pick(LortaFactor name, ProjectionSite site)
    {
        Tensor factor = adapter.Factor(name);
        factor = _options.Modes.HasFlag(LortaModes.Layers) ? factor : factor[site.Layer];
        return _options.Modes.HasFlag(LortaModes.Qkvp) ? factor : factor[Index(site)];
    }

    private int Index(ProjectionSite site) => Array.IndexOf(_targets, site.Matrix);
}

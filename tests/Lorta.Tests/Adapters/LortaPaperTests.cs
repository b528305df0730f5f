using System.Text.Json;
using Lorta.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Lorta.Tests.Adapters;

/// <summary>Every update block of the paper's section 3.2, by its definition.</summary>
public sealed class LortaPaperTests
{
    [Fact]
    public void BlocksAndCountsAgreeForEverySubsetOfTheModes()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("reference/lorta-paper/cases.json")));
        Assert.NotEmpty(cases.RootElement.EnumerateObject());
        foreach (JsonProperty entry in cases.RootElement.EnumerateObject())
        {
            using DisposeScope scope = NewDisposeScope();
            using var expected = new ReferenceFile(SharedData.Require($"reference/lorta-paper/{entry.Name}.safetensors"));
            int Size(string name) => entry.Value.GetProperty(name).GetInt32();
            int heads = Size("heads");
            int keyValueHeads = entry.Value.TryGetProperty("kv_heads", out JsonElement given) ? given.GetInt32() : heads;
            string modes = entry.Value.TryGetProperty("modes", out JsonElement named) ? named.GetString()! : entry.Name.Replace('+', ',');
            var model = new ToyAttention(new AttentionLayout(Size("layers"), heads, keyValueHeads, Size("d") / heads, Size("d")));
            using var adapter = LortaAdapter.Attach(model, new LortaOptions
            {
                Rank = Size("rank"),
                Alpha = Size("alpha"),
                Modes = modes == "none" ? LortaModes.None : LortaModesText.Parse(modes),
            });
            if (entry.Value.TryGetProperty("parameters", out JsonElement parameters))
            {
                Assert.Equal(parameters.GetInt64(), adapter.TrainableCount);
            }

            using (no_grad())
            {
                foreach ((string name, var parameter) in adapter.named_parameters())
                {
                    parameter.copy_(expected[name].reshape(parameter.shape));
                }
            }

            Tensor[] blocks = [.. expected.Under("delta.").Select(block =>
            {
                string[] parts = block.Name.Split('.');
                AttentionMatrix matrix = (AttentionMatrix)"qkvp".IndexOf(parts[1], StringComparison.Ordinal);
                Near.Relative(block.Tensor, adapter.Delta(int.Parse(parts[0]), matrix), 1e-6, $"{entry.Name}: block {block.Name}");
                return block.Tensor;
            })];
            Assert.Equal(4 * Size("layers"), blocks.Length);
        }
    }
}

using Lorta.Checkpoints;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Lorta.Tests.Checkpoints;

public sealed class PretrainedFolderTests
{
    [Fact]
    public void EveryReferenceModelOpensAndReads()
    {
        string root = SharedData.Require("reference/models");
        string[] folders = [.. Directory.GetDirectories(root).Where(path => File.Exists(Path.Combine(path, "config.json")))];
        Assert.NotEmpty(folders);
        foreach (string path in folders)
        {
            using PretrainedFolder folder = PretrainedFolder.Open(path);
            Assert.NotEmpty(folder.ModelType);
            Assert.Equal([Path.Combine(path, "model.safetensors")], folder.WeightFiles);
            Assert.NotEmpty(folder.TensorNames);
            foreach (string name in folder.TensorNames)
            {
                using Tensor read = folder.Read(name), mapped = folder.Map(name);
                SafetensorsFileTests.AssertSame(read, mapped);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FillsModuleAndConvertsHalf(bool inPlace)
    {
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = randn(3, 2), bias = arange(3, ScalarType.Float16), norm = rand(3, ScalarType.Float64);
        WriteModel(folder, ("0.weight", weight), ("0.bias", bias), ("1.weight", norm), ("1.bias", zeros(3, ScalarType.BFloat16)), ("unused", ones(5)));
        nn.Module module = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3));
        Parameter before = module.get_parameter("0.weight")!;
        using (PretrainedFolder model = PretrainedFolder.Open(folder.FullPath))
        {
            Assert.Empty(model.LoadInto(module, inPlace: inPlace));
        }

        Dictionary<string, Tensor> state = module.state_dict();
        SafetensorsFileTests.AssertSame(weight, state["0.weight"]);
        SafetensorsFileTests.AssertSame(bias.to(ScalarType.Float32), state["0.bias"]);
        SafetensorsFileTests.AssertSame(norm.to(ScalarType.Float32), state["1.weight"]);
        Assert.All(module.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.is_leaf));
        SafetensorsFileTests.AssertSame(weight, before);
    }

    [Fact]
    public void MapsNamesAndReportsWhatIsMissing()
    {
        using TemporaryFolder folder = new();
        using DisposeScope scope = NewDisposeScope();
        WriteModel(folder, ("bert.0.weight", ones(3, 2)), ("bert.0.bias", ones(3)));
        using PretrainedFolder model = PretrainedFolder.Open(folder.FullPath);
        nn.Module module = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4));
        Tensor head = module.state_dict()["1.weight"].clone();
        IReadOnlyList<string> missing = model.LoadInto(module, name => $"bert.{name}", name => name.StartsWith("1.", StringComparison.Ordinal));
        Assert.Equal(["1.weight", "1.bias"], missing);
        Assert.Equal(6, module.state_dict()["0.weight"].sum().ToSingle());
        SafetensorsFileTests.AssertSame(head, module.state_dict()["1.weight"]);
        Assert.Contains("'bert.1.weight' (for the model's '1.weight')", Refusal(() => model.LoadInto(module, name => $"bert.{name}")));
    }

    [Theory]
    [InlineData("weight", "no tensor 'weight'")]
    [InlineData("bias", "no tensor 'bias'")]
    public void NamesMissingTensor(string name, string expected)
    {
        using TemporaryFolder folder = new();
        using Tensor weight = ones(3, 2), bias = ones(3);
        (string, Tensor)[] all = [("weight", weight), ("bias", bias)];
        WriteModel(folder, [.. all.Where(tensor => tensor.Item1 != name)]);
        AssertLeavesModuleAlone(folder, expected);
    }

    [Fact]
    public void NamesWrongShapeAndType()
    {
        using TemporaryFolder folder = new();
        using Tensor weight = ones(3, 2), transposed = ones(2, 3), bias = ones(3), integers = ones(3, ScalarType.Int64);
        WriteModel(folder, ("weight", transposed), ("bias", bias));
        AssertLeavesModuleAlone(folder, "'weight' has the shape [2, 3], and the model needs [3, 2]");
        WriteModel(folder, ("weight", weight), ("bias", integers));
        AssertLeavesModuleAlone(folder, "'bias' is Int64, and the model needs Float32");
    }

    [Fact]
    public void ReadsShards()
    {
        using TemporaryFolder folder = new();
        using Tensor weight = randn(3, 2), bias = randn(3);
        File.WriteAllText(folder["config.json"], """{"model_type": "bert"}""");
        SafetensorsFile.Write(folder["model-00001-of-00002.safetensors"], [new("weight", weight)]);
        SafetensorsFile.Write(folder["model-00002-of-00002.safetensors"], [new("bias", bias)]);
        File.WriteAllText(folder["model.safetensors.index.json"],
            """{"metadata": {"total_size": 36}, "weight_map": {"weight": "model-00001-of-00002.safetensors", "bias": "model-00002-of-00002.safetensors"}}""");
        using PretrainedFolder model = PretrainedFolder.Open(folder.FullPath);
        Assert.Equal("bert", model.ModelType);
        Assert.Equal(["bias", "weight"], model.TensorNames.Order());
        using Linear linear = nn.Linear(2, 3);
        Assert.Empty(model.LoadInto(linear));
        SafetensorsFileTests.AssertSame(weight, linear.weight!);
        SafetensorsFileTests.AssertSame(bias, linear.bias!);
    }

    [Theory]
    [InlineData("""{}""", "weight_map")]
    [InlineData("""{"weight_map": {"weight": 1}}""", "'weight'")]
    [InlineData("""{"weight_map": {"weight": "../outside.safetensors"}}""", "outside.safetensors")]
    [InlineData("""{"weight_map": {"weight": "/etc/passwd"}}""", "/etc/passwd")]
    [InlineData("""{"weight_map": {"weight": "pytorch_model-00001-of-00002.bin"}}""", "pytorch_model-00001-of-00002.bin")]
    [InlineData("""{"weight_map": {"weight": "absent.safetensors"}}""", "absent.safetensors")]
    [InlineData("""{"weight_map": {"weight": "shard.safetensors", "other": "shard.safetensors"}}""", "'other'")]
    public void RefusesBrokenIndex(string index, string expected)
    {
        using TemporaryFolder folder = new();
        using Tensor weight = ones(1);
        File.WriteAllText(folder["config.json"], "{}");
        SafetensorsFile.Write(folder["shard.safetensors"], [new("weight", weight)]);
        File.WriteAllText(folder["model.safetensors.index.json"], index);
        Assert.Contains(expected, Refusal(() => PretrainedFolder.Open(folder.FullPath)));
    }

    [Fact]
    public void RefusesPicklesByName()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["config.json"], "{}");
        File.WriteAllText(folder["pytorch_model.bin"], "");
        Assert.Contains("pytorch_model.bin, a pickle", Refusal(() => PretrainedFolder.Open(folder.FullPath)));
    }

    [Fact]
    public void NamesWhatTheFolderLacks()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("absent is not a folder", Refusal(() => PretrainedFolder.Open(folder["absent"])));
        Assert.Contains("config.json", Refusal(() => PretrainedFolder.Open(folder.FullPath)));
        File.WriteAllText(folder["config.json"], "{}");
        Assert.Contains("has no weights: it needs model.safetensors", Refusal(() => PretrainedFolder.Open(folder.FullPath)));
        SafetensorsFile.Write(folder["model.safetensors"], []);
        using PretrainedFolder model = PretrainedFolder.Open(folder.FullPath);
        Assert.Contains("'model_type'", Refusal(() => _ = model.ModelType));
    }

    private static void WriteModel(TemporaryFolder folder, params (string Name, Tensor Tensor)[] tensors)
    {
        File.WriteAllText(folder["config.json"], """{"model_type": "bert"}""");
        SafetensorsFile.Write(folder["model.safetensors"], tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.Tensor)));
    }

    private static void AssertLeavesModuleAlone(TemporaryFolder folder, string expected)
    {
        using Linear linear = nn.Linear(2, 3);
        using Tensor weight = linear.weight!.clone(), bias = linear.bias!.clone();
        using PretrainedFolder model = PretrainedFolder.Open(folder.FullPath);
        Assert.Contains(expected, Refusal(() => model.LoadInto(linear)));
        SafetensorsFileTests.AssertSame(weight, linear.weight!);
        SafetensorsFileTests.AssertSame(bias, linear.bias!);
    }

    private static string Refusal(Action action) => Assert.Throws<CheckpointException>(action).Message;
}

using Lorta.Checkpoints;
using Lorta.Checkpoints.Hub;

namespace Lorta.Tests.Checkpoints.Hub;

public sealed class HubSettingsTests
{
    [Theory]
    [InlineData("roberta-base", "roberta-base", "main")]
    [InlineData("sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "main")]
    [InlineData("a/b.c_d@v1.0", "a/b.c_d", "v1.0")]
    [InlineData("a/b@refs/pr/1", "a/b", "refs/pr/1")]
    public void ReadsIds(string text, string repository, string revision)
    {
        Assert.True(HubModelId.TryParse(text, out HubModelId id));
        Assert.Equal(repository, id.Repository);
        Assert.Equal(revision, id.Revision);
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/absolute/path")]
    [InlineData("./relative")]
    [InlineData("../up")]
    [InlineData("a/../b")]
    [InlineData("a/b/c")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("C:\\models")]
    [InlineData("a--b")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("ä")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a@")]
    [InlineData("a@../../x")]
    [InlineData("a@/x")]
    [InlineData("a@x@y")]
    public void RefusesWhatIsNoId(string text) => Assert.False(HubModelId.TryParse(text, out _));

    [Fact]
    public void RefusesTooLongId() => Assert.False(HubModelId.TryParse(new string('a', 97), out _));

    [Fact]
    public void FolderIsTakenAsItIs()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(folder.FullPath, Resolve(folder.FullPath));
        Assert.Contains("nor a hub id", Assert.Throws<CheckpointException>(() => Resolve(folder["absent"])).Message);
    }

    [Fact]
    public void ResolvesIdThroughTheHub()
    {
        using LoopbackHub hub = new();
        List<HubProgress> reports = [];
        string folder = ModelSource.Resolve(LoopbackHub.Repository, hub.Options, reports.Add, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(folder, "model.safetensors")));
        Assert.NotEmpty(reports);
    }

    [Fact]
    public void DefaultsAreThoseOfTheHuggingFaceTools()
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        HubOptions options = From();
        Assert.Equal(new Uri("https://huggingface.co"), options.Endpoint);
        Assert.Equal(Path.Combine(user, ".cache", "huggingface", "hub"), options.CacheFolder);
        Assert.False(options.Offline);
        Assert.Equal(10, options.Timeout.TotalSeconds);
    }

    [Fact]
    public void EnvironmentIsReadInTheirOrder()
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal(Path.Combine("/x", "huggingface", "hub"), From(("XDG_CACHE_HOME", "/x")).CacheFolder);
        Assert.Equal(Path.Combine("/h", "hub"), From(("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h")).CacheFolder);
        Assert.Equal("/c", From(("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")).CacheFolder);
        Assert.Equal(Path.Combine($"{user}/h", "hub"), From(("HF_HOME", "~/h")).CacheFolder);
        Assert.Equal("hf_1", From(("HF_TOKEN", " hf_1\n")).Token);
        Assert.Equal(new Uri("http://mirror:8080/base"), From(("HF_ENDPOINT", "http://mirror:8080/base/")).Endpoint);
        Assert.Equal(3, From(("HF_HUB_DOWNLOAD_TIMEOUT", "3")).Timeout.TotalSeconds);
        Assert.All((string[])["1", "true", "Yes", "ON"], value => Assert.True(From(("HF_HUB_OFFLINE", value)).Offline));
        Assert.All((string[])["0", "false", ""], value => Assert.False(From(("HF_HUB_OFFLINE", value)).Offline));
    }

    [Fact]
    public void TokenOfALoginIsFound()
    {
        using TemporaryFolder folder = new();
        Assert.Null(From(("HF_HOME", folder.FullPath)).Token);
        File.WriteAllText(folder["token"], "hf_login\n");
        Assert.Equal("hf_login", From(("HF_HOME", folder.FullPath)).Token);
        Assert.Equal("hf_other", From(("HF_HOME", folder.FullPath), ("HF_TOKEN", "hf_other")).Token);
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "mirror")]
    [InlineData("HF_ENDPOINT", "file:///x")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "soon")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "0")]
    public void NamesVariableThatCannotBeUsed(string name, string value) =>
        Assert.Contains(name, Assert.Throws<CheckpointException>(() => From((name, value))).Message);

    private static string Resolve(string path) => ModelSource.Resolve(path, cancellation: TestContext.Current.CancellationToken);

    private static HubOptions From(params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> environment = variables.ToDictionary(variable => variable.Name, variable => variable.Value);
        return HubOptions.From(environment.GetValueOrDefault);
    }
}

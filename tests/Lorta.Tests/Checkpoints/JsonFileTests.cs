using System.Text;
using Lorta.Checkpoints;

namespace Lorta.Tests.Checkpoints;

public sealed class JsonFileTests
{
    [Fact]
    public void ReadsFieldsByType()
    {
        using TemporaryFolder folder = new();
        JsonFile file = Read(folder, "\ufeff{\"n\": 12, \"x\": 1e-12, \"s\": \"gelu\", \"b\": true, \"nothing\": null}");
        Assert.Equal(12, file.GetInt32("n", min: 12));
        Assert.Equal(12, file.GetDouble("n"));
        Assert.Equal(1e-12, file.GetDouble("x"));
        Assert.Equal("gelu", file.GetString("s"));
        Assert.True(file.GetBoolean("b"));
        Assert.False(file.Has("nothing"));
        Assert.True(file.Has("n"));
    }

    [Fact]
    public void FallsBackWhereAbsentOrNull()
    {
        using TemporaryFolder folder = new();
        JsonFile file = Read(folder, """{"nothing": null}""");
        foreach (string name in (string[])["nothing", "absent"])
        {
            Assert.Equal(7, file.GetInt32(name, fallback: 7));
            Assert.Equal(0.1, file.GetDouble(name, fallback: 0.1));
            Assert.Equal("relu", file.GetString(name, fallback: "relu"));
            Assert.True(file.GetBoolean(name, fallback: true));
        }
    }

    [Theory]
    [InlineData("""{}""", "lacks the field 'hidden_size'")]
    [InlineData("""{"hidden_size": null}""", "lacks the field 'hidden_size'")]
    [InlineData("""{"hidden_size": "384"}""", "'hidden_size' must be a whole number, and is \"384\"")]
    [InlineData("""{"hidden_size": 1.5}""", "'hidden_size' must be a whole number, and is 1.5")]
    [InlineData("""{"hidden_size": 99999999999}""", "'hidden_size' must be a whole number, and is 99999999999")]
    [InlineData("""{"hidden_size": 0}""", "'hidden_size' is 0, and must be at least 1")]
    public void NamesFileAndField(string content, string expected)
    {
        using TemporaryFolder folder = new();
        JsonFile file = Read(folder, content);
        CheckpointException error = Assert.Throws<CheckpointException>(() => file.GetInt32("hidden_size", min: 1));
        Assert.Contains(file.FilePath, error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData("", "line 1, byte 1")]
    [InlineData("{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, byte 7")]
    [InlineData("[1]", "one JSON object")]
    [InlineData("{\"\\ud800\": 1}", "not valid Unicode")]
    public void RefusesWhatIsNoObject(string content, string expected)
    {
        using TemporaryFolder folder = new();
        CheckpointException error = Assert.Throws<CheckpointException>(() => Read(folder, content));
        Assert.Contains(folder["config.json"], error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void RefusesInvalidUtf8AndMissingFile()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["latin1"], Encoding.Latin1.GetBytes("{\"a\": \"\xe9\"}"));
        Assert.Contains("latin1", Assert.Throws<CheckpointException>(() => JsonFile.Read(folder["latin1"])).Message);
        Assert.Contains("absent", Assert.Throws<CheckpointException>(() => JsonFile.Read(folder["absent"])).Message);
    }

    private static JsonFile Read(TemporaryFolder folder, string content)
    {
        File.WriteAllText(folder["config.json"], content);
        return JsonFile.Read(folder["config.json"]);
    }
}

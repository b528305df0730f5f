using System.CommandLine;

namespace Glue.Tests.Commands;

public class HelpTests
{
    [Theory]
    [InlineData("train", "--task", "--data", "--text2", "--preset", "--settings", "--set", "--modes", "--orientation", "--resume", "--save-steps", "--tensorboard", "--seed", "--limit", "--out", "--json", "--quiet")]
    [InlineData("sweep", "--rates", "--head-rates", "--method", "--epochs", "--out")]
    [InlineData("evaluate", "--adapter", "--data", "--seed", "--limit", "--json")]
    [InlineData("predict", "TEXT", "--adapter", "--file")]
    [InlineData("export", "--adapter", "--out")]
    [InlineData("info", "PATH", "--picture")]
    [InlineData("prune", "--adapter", "--rank", "--out", "--data")]
    [InlineData("pretrain", "--out", "--seed", "--quiet")]
    [InlineData("reproduce", "table1", "table2")]
    [InlineData("reproduce table2", "--model", "--layers", "--width", "--heads", "--rank", "--json")]
    [InlineData("reproduce table1", "--model", "--data", "--tasks", "--methods", "--seeds", "--preset", "--epochs", "--limit", "--out")]
    public void Help_names_what_a_command_takes(string command, params string[] names)
    {
        using var output = new StringWriter();
        Assert.Equal(0, GlueCommandLine.Root().Parse([.. command.Split(' '), "--help"]).Invoke(new InvocationConfiguration { Output = output }));
        Assert.All(names, name => Assert.Contains(name, output.ToString()));
    }
}

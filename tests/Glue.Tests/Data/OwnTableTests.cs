using Glue.Data;
using Glue.Tasks;
using Lorta.Tasks;

namespace Glue.Tests.Data;

public sealed class OwnTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Csv_may_quote_and_break_lines_in_a_field()
    {
        string path = _folder.Write("mine.csv", "kind,body\nbug,\"it says \"\"no\"\",\nthen stops\"\nask,plain\n");
        var table = new OwnTable("body", null, "kind");
        TextTask task = table.Classes(path);
        Assert.Equal(["ask", "bug"], task.Labels.Select(label => label.Name));
        Assert.Equal([new TextExample(new("it says \"no\",\nthen stops"), 1), new TextExample(new("plain", null), 0)], table.Read(path, task));
    }

    [Fact]
    public void Tsv_takes_quotes_as_text()
    {
        string path = _folder.Write("mine.tsv", "a\tb\tscore\n\"x\ty\t-1.5\n");
        var table = new OwnTable("a", "b", "score");
        Assert.Equal([new TextExample(new("\"x", "y"), -1.5f)], table.Read(path, table.Scores(path)));
    }

    [Fact]
    public void Label_that_training_has_not_seen_is_refused_by_line()
    {
        var table = new OwnTable("body", null, "kind");
        TextTask task = table.Classes(_folder.Write("mine.csv", "kind,body\nbug,a\nask,b\n"));
        string dev = _folder.Write("dev.csv", "kind,body\nbug,a\npraise,b\n");
        Assert.Equal($"{dev}, line 3: the kind \"praise\" is none of ask, bug.", Assert.Throws<InputException>(() => table.Read(dev, task)).Message);
    }

    [Theory]
    [InlineData("mine.csv", "kind,body\nbug,a\nbug,b\n", "needs two classes")]
    [InlineData("mine.csv", "kind,text\nbug,a\nask,b\n", "there is no column \"body\"")]
    [InlineData("mine.csv", "kind,body\nbug,\"a\nask,b\n", "line 2: a quote is opened or closed in the wrong place")]
    [InlineData("mine.txt", "kind,body\nbug,a\n", "ends in .csv")]
    public void Unusable_table_is_refused(string name, string content, string complaint)
    {
        string path = _folder.Write(name, content);
        var table = new OwnTable("body", null, "kind");
        Assert.Contains(complaint, Assert.Throws<InputException>(() => table.Read(path, table.Classes(path))).Message);
    }
}

using System.Text;
using Glue.Data;
using Glue.Tasks;
using Lorta.Tasks;
using Lorta.Tests;

namespace Glue.Tests.Data;

/// <summary>The official layouts: written out here line by line, and read from the real files where those are.</summary>
public sealed class GlueTaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cola", "train.tsv", "gj04\t1\t\tThe ship sank.\ngj04\t0\t*\tSank \"the ship.\n", "The ship sank.", null, 1, "Sank \"the ship.", null, 0)]
    [InlineData("sst-2", "train.tsv", "sentence\tlabel\na fine film \t1\n`` dull '' \t0\n", "a fine film ", null, 1, "`` dull '' ", null, 0)]
    [InlineData("mrpc", "train.tsv", "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tHe \"won\".\t\"Won,\" he said\r\n0\t1\t2\tA\tB\r\n", "He \"won\".", "\"Won,\" he said", 1, "A", "B", 0)]
    [InlineData("sts-b", "train.tsv", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n0\tm\tf\t2012\t1\tn\tn\tA plane.\tAn air plane.\t5.000\n1\tm\tf\t2012\t4\tn\tn\tA\tB\t2.750\n", "A plane.", "An air plane.", 5, "A", "B", 2.75)]
    [InlineData("qqp", "train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tWhy?\tHow?\t0\n4\t5\t6\tcut short\n7\t8\t9\tA?\tB?\t1\n", "Why?", "How?", 0, "A?", "B?", 1)]
    [InlineData("mnli", "train.tsv", "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n0\t1\t1n\tg\t(\t(\t(\t(\tRain.\tWet.\tneutral\tneutral\n1\t1\t1n\tg\t(\t(\t(\t(\tA\tB\tneutral\tcontradiction\n", "Rain.", "Wet.", 1, "A", "B", 2)]
    [InlineData("qnli", "train.tsv", "index\tquestion\tsentence\tlabel\n0\tWhen?\tIn May.\tentailment\n1\tA\tB\tnot_entailment\n", "When?", "In May.", 0, "A", "B", 1)]
    [InlineData("rte", "train.tsv", "index\tsentence1\tsentence2\tlabel\n0\tNo.\tYes.\tnot_entailment\n1\tA\tB\tentailment\n", "No.", "Yes.", 1, "A", "B", 0)]
    [InlineData("wnli", "train.tsv", "index\tsentence1\tsentence2\tlabel\n0\tIt fell.\tThe cup fell.\t1\n1\tA\tB\t0\n", "It fell.", "The cup fell.", 1, "A", "B", 0)]
    public void Official_layout_is_read(
        string task, string file, string content, string text, string? pair, float label, string text2, string? pair2, float label2)
    {
        _folder.Write(file, content);
        Assert.Equal(
            [new TextExample(new(text, pair), label), new TextExample(new(text2, pair2), label2)],
            GlueTask.Find(task).ReadTrain(_folder.Path));
    }

    [Fact]
    public void Mnli_has_two_evaluation_sets()
    {
        const string Header = "sentence1\tsentence2\tgold_label\n";
        _folder.Write("dev_matched.tsv", Header + "a\tb\tneutral\n");
        _folder.Write("dev_mismatched.tsv", Header + "c\td\tentailment\n");
        IReadOnlyList<EvaluationSet> sets = GlueTask.Find("mnli").ReadDev(_folder.Path);
        Assert.Equal(["matched", "mismatched"], sets.Select(set => set.Name));
        Assert.Equal(["a", "c"], sets.Select(set => set.Examples[0].Input.Text));
    }

    [Theory]
    [InlineData("cola", "CoLA")]
    [InlineData("mrpc", "MRPC")]
    [InlineData("sst-2", "SST-2")]
    public void Every_row_of_the_real_files_is_read(string task, string folder)
    {
        string path = SharedData.Require($"glue/{folder}");
        GlueTask glue = GlueTask.Find(task);
        int header = glue.Label.Position is null ? 1 : 0;
        IReadOnlyList<TextExample> train = glue.ReadTrain(path);
        IReadOnlyList<TextExample> dev = Assert.Single(glue.ReadDev(path)).Examples;
        Assert.Equal(File.ReadLines(Path.Combine(path, "train.tsv")).Count() - header, train.Count);
        Assert.Equal(File.ReadLines(Path.Combine(path, "dev.tsv")).Count() - header, dev.Count);
        Assert.All(train, example => Assert.Equal(glue.Task.IsPair, example.Input.Pair is not null));
        Assert.Equal(glue.Task.Outputs.Count, train.Select(example => example.Label).Distinct().Count());
    }

    [Theory]
    [InlineData("cola", "gj04\t1\t\tFine.\ngj04\t1\n", "line 2: column 4 (sentence) is missing, the line has 2.")]
    [InlineData("cola", "gj04\t2\t\tFine.\n", "line 1: the label \"2\" is none of 0, 1.")]
    [InlineData("sst-2", "sentence\tstars\nfine\t1\n", "line 1: there is no column \"label\", only \"sentence\", \"stars\".")]
    [InlineData("sst-2", "sentence\tlabel\n", "there are no rows in it.")]
    [InlineData("sst-2", "", "the file is empty.")]
    [InlineData("sts-b", "sentence1\tsentence2\tscore\na\tb\t1\nc\td\t5.5\n", "line 3: the score 5.5 is outside 0 to 5.")]
    [InlineData("sts-b", "sentence1\tsentence2\tscore\na\tb\tNaN\n", "line 2: the score \"NaN\" is not a number.")]
    public void Bad_file_is_named_with_line_and_column(string task, string content, string complaint)
    {
        string path = _folder.Write("train.tsv", content);
        var e = Assert.Throws<InputException>(() => GlueTask.Find(task).ReadTrain(_folder.Path));
        Assert.Equal(complaint.StartsWith("line") ? $"{path}, {complaint}" : $"{path}: {complaint}", e.Message);
    }

    [Fact]
    public void Invalid_utf8_is_named_with_its_line()
    {
        string path = _folder.Write("train.tsv", [.. Encoding.UTF8.GetBytes("sentence\tlabel\nfine\t1\nna"), 0xEF, .. "ve\t0\n"u8]);
        var e = Assert.Throws<InputException>(() => GlueTask.Find("sst-2").ReadTrain(_folder.Path));
        Assert.Equal($"{path}, line 3: the text is not valid UTF-8; save it as UTF-8.", e.Message);
    }

    [Fact]
    public void Missing_file_and_unknown_task_are_named()
    {
        Assert.Contains("train.tsv: there is no such file.", Assert.Throws<InputException>(() => GlueTask.Find("rte").ReadTrain(_folder.Path)).Message);
        Assert.Contains("cola, sst-2", Assert.Throws<InputException>(() => GlueTask.Find("squad")).Message);
    }
}

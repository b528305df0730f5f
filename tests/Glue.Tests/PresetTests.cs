using Glue.Data;
using Glue.Tasks;

namespace Glue.Tests;

public class PresetTests
{
    [Theory]
    [InlineData("roberta-base", "cola", 4, 512, 64, 80, 1e-2, 1e-2)]
    [InlineData("roberta-base", "sts-b", 4, 512, 64, 80, 1e-2, 5e-2)]
    [InlineData("roberta-large", "qnli", 8, 128, 32, 20, 2e-4, 1e-2)]
    [InlineData("roberta-large", "rte", 8, 128, 32, 40, 2e-3, 2e-2)]
    public void Table_3_is_kept(string name, string task, int rank, int length, int batch, int epochs, double head, double lorta) =>
        Assert.Equal(new Preset(rank, length, batch, epochs, head, lorta), Preset.Find(name, task));

    [Fact]
    public void What_the_paper_did_not_train_is_refused()
    {
        Assert.Contains("no settings for wnli", Assert.Throws<InputException>(() => Preset.Find("roberta-base", "wnli")).Message);
        Assert.Contains("use roberta-base or roberta-large", Assert.Throws<InputException>(() => Preset.Find("bert", "cola")).Message);
    }
}

using Glue.Data;
using Glue.Fitting;
using Glue.Tasks;
using Lorta.Adapters;
using Lorta.Tasks;
using Lorta.Training;

namespace Glue.Tests;

public class PresetTests
{
    [Theory]
    [InlineData("roberta-base", "cola", 4, 512, 64, 80, 1e-2, 1e-2)]
    [InlineData("roberta-base", "sts-b", 4, 512, 64, 80, 1e-2, 5e-2)]
    [InlineData("roberta-large", "qnli", 8, 128, 32, 20, 2e-4, 1e-2)]
    [InlineData("roberta-large", "rte", 8, 128, 32, 40, 2e-3, 2e-2)]
    public void Table_3_is_kept(string name, string task, int rank, int length, int batch, int epochs, double head, double lorta)
    {
        FineTuneSettings settings = Preset.Find(name, task);
        Assert.Equal(new LortaOptions { Rank = rank, Alpha = 1, Start = LortaStart.Paper }, settings.Method);
        FineTuningOptions options = settings.Options;
        Assert.Equal((length, batch, epochs, head, lorta), (settings.MaxLength, options.BatchSize, options.Epochs, options.HeadRate, options.AdapterRate));
        Assert.Equal((0.1, 0.0, 1000.0), (options.HeadWeightDecay, options.AdapterWeightDecay, options.MaxGradientNorm));
        Assert.Equal(new LearningRateSchedule(ScheduleShape.Linear, 0.06), options.Schedule);
    }

    [Fact]
    public void What_the_paper_did_not_train_is_refused()
    {
        Assert.Contains("no settings for wnli", Assert.Throws<InputException>(() => Preset.Find("roberta-base", "wnli")).Message);
        Assert.Contains("use roberta-base or roberta-large", Assert.Throws<InputException>(() => Preset.Find("bert", "cola")).Message);
    }
}

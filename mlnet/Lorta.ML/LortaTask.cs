namespace Lorta.ML;

/// <summary>What is learnt from the label column.</summary>
public enum LortaTask
{
    /// <summary>One of two or more classes. Evaluated by <c>mlContext.MulticlassClassification</c>.</summary>
    MulticlassClassification,

    /// <summary>Yes or no. Evaluated by <c>mlContext.BinaryClassification</c>.</summary>
    BinaryClassification,

    /// <summary>A number. Evaluated by <c>mlContext.Regression</c>.</summary>
    Regression,
}

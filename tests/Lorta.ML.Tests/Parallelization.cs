// A seed fixes a run's numbers only while nothing else draws from torch's one generator.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

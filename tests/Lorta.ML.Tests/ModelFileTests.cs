namespace Lorta.ML.Tests;

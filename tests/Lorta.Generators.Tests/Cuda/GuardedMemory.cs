using System.Runtime.InteropServices;

namespace Lorta.Generators.Tests.Cuda;

/// <summary>Memory that an emulated kernel works on, between two guards that show what is written beside it.</summary>
internal sealed unsafe class GuardedMemory : IDisposable
{
    private const int GuardSize = 256;
    private const byte Mark = 0xA5;

    private readonly byte* _memory;
    private readonly int _size;
    private readonly int _shift;

    /// <param name="size">The bytes.</param>
    /// <param name="shift">How far the first one is from a multiple of 16.</param>
    public GuardedMemory(int size, int shift = 0)
    {
        (_size, _shift) = (size, shift);
        int all = GuardSize + shift + size + GuardSize;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)all, GuardSize);
        new Span<byte>(_memory, all).Fill(Mark);
    }

    public nint Address => (nint)(_memory + GuardSize + _shift);

    public static GuardedMemory Of<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        GuardedMemory memory = new(values.Length * sizeof(T));
        values.CopyTo(memory.As<T>());
        return memory;
    }

    public Span<T> As<T>()
        where T : unmanaged => new((void*)Address, _size / sizeof(T));

    public void Dispose()
    {
        int written = new Span<byte>(_memory, GuardSize + _shift).IndexOfAnyExcept(Mark);
        int after = new Span<byte>(_memory + GuardSize + _shift + _size, GuardSize).IndexOfAnyExcept(Mark);
        NativeMemory.AlignedFree(_memory);
        Assert.True(written < 0 && after < 0, "A kernel wrote outside its memory.");
    }
}

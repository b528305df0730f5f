namespace Lorta.Tests.Cuda;

/// <summary>Memory that kernels and the host share, between two guards that show what is written beside it.</summary>
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
        _memory = (byte*)SharedMemory.Allocate(all);
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
        int before = new Span<byte>(_memory, GuardSize + _shift).IndexOfAnyExcept(Mark);
        int after = new Span<byte>(_memory + GuardSize + _shift + _size, GuardSize).IndexOfAnyExcept(Mark);
        SharedMemory.Free((nint)_memory);
        if (before >= 0 || after >= 0)
        {
            throw new InvalidOperationException("A kernel wrote outside its memory.");
        }
    }
}
